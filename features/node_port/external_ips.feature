@extended @needs.node-addresses
Feature: External IPs
  A Service answers at addresses that somebody else leads to a node, where it lists them.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#external-ips

  Rule: A Service MUST answer at an external IP that is led to a node

    @np-20 @LBX-9
    Scenario: at a node's own address, listed as external IP, the Service's port answers
      Given a Deployment "newcomer" with 2 ready backends
      When a Service asks for a node's address as its external IP
      Then it is accepted
      And within the convergence time a host outside the cluster is answered at the external IP of "newcomer"
