@extended @needs.load-balancer @needs.outside
Feature: Load balancers under change
  Who comes in by a load balancer notices as little of a change behind it as who is inside.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#type-loadbalancer

  Rule: Replacing backends that drain MUST NOT cost a request that comes in by a load balancer

    @ch-32 @CH-25
    Scenario: rolled out anew behind a load balancer, no connection is lost
      Given a LoadBalancer Service "web" with 3 ready backends
      And steady traffic from a host outside the cluster to the load-balancer address of "web" over both kinds of connections
      When "web" is rolled out anew
      Then within the convergence time only ready backends of "web" answer
      And no connection is lost
