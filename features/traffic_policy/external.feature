@extended @needs.node-addresses @needs.two-nodes
Feature: External traffic policy
  A Service can keep traffic from outside on the node where it arrives, and with it the caller's address.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service-traffic-policy/

  Rule: Under the external policy Local, a backend MUST see the outside caller's own address

    @tp-01 @ETP-1 @needs.outside
    Scenario: a caller outside is seen under its own address
      Given a NodePort Service "echo" with 1 ready backend on one node and the external traffic policy Local
      When a host outside the cluster opens 20 connections to the node port of "echo" on a node with a backend
      Then every connection is answered
      And the backends see the address of a host outside the cluster

  Rule: Under the external policy Local, only the called node's own backends MUST answer

    @tp-02 @ETP-2
    Scenario: a node with a backend leads to it alone, though another node has one too
      Given a NodePort Service "echo" with 2 ready backends on two nodes and the external traffic policy Local
      When a host outside the cluster opens 40 connections to the node port of "echo" on one node
      Then every connection is answered
      And only backends of the called node of "echo" answer

    @tp-03 @ETP-3
    Scenario: a node without a backend does not answer, while one with a backend does
      When a NodePort Service "echo" with 1 ready backend on one node and the external traffic policy Local joins
      Then within the convergence time a host outside the cluster is not answered at the node port of "echo" on a node without a backend
      And within the convergence time a host outside the cluster is answered at the node port of "echo" on a node with a backend

    @tp-04 @ETP-7
    Scenario: changed to Cluster, every node answers
      Given a NodePort Service "echo" with 1 ready backend on one node and the external traffic policy Local
      When "echo" is changed to the external traffic policy Cluster
      Then within the convergence time a host outside the cluster is answered at the node port of "echo" on every node

  Rule: The external policy MUST NOT bind callers in pods

    @tp-05 @ETP-6 @needs.exec
    Scenario: pods on every node are answered at the cluster IP
      Given a NodePort Service "echo" with 1 ready backend on one node and the external traffic policy Local
      When a pod on every node opens 20 connections to the cluster IP of "echo"
      Then every connection is answered
      And only ready backends of "echo" answer

  Rule: A pod that calls its own node's port SHOULD be answered by any ready backend under the external policy Local

    @tp-06 @ETP-9 @needs.exec
    Scenario: a pod calls a node without a backend from that node
      Given a NodePort Service "echo" with 1 ready backend on another node and the external traffic policy Local
      When a pod on one node opens 20 connections to the node port of "echo" on one node
      Then every connection is answered

  Rule: A node's health check port MUST tell whether it has a ready backend

    @tp-08 @ETP-4
    Scenario: nodes with a ready backend say 200, the others 503
      When a LoadBalancer Service "echo" with 1 ready backend on one node and the external traffic policy Local joins
      Then within the convergence time every node tells at the health check port of "echo" on every node whether it has a ready backend

    @tp-11 @ETP-8 @TM-5
    Scenario: a node whose backends all terminate says 503, and still answers
      Given a LoadBalancer Service "echo" with 1 ready lingering backend on one node and the external traffic policy Local
      When "echo" is scaled to no backends
      Then within the convergence time every node tells at the health check port of "echo" on every node whether it has a ready backend
      And within the convergence time a host outside the cluster is answered at the node port of "echo" on one node
