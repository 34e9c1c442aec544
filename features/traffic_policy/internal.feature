@extended @needs.exec @needs.two-nodes
Feature: Internal traffic policy
  A Service can keep traffic from pods on the node where it starts.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service-traffic-policy/

  Rule: Under the internal policy Local, only backends of the caller's own node MUST be used

    @tp-07 @ITP-1
    Scenario: a caller is answered by its own node's backend, though another node has one too
      Given a ClusterIP Service "echo" with 2 ready backends on two nodes and the internal traffic policy Local
      When a pod on one node opens 40 connections to the cluster IP of "echo"
      Then every connection is answered
      And only backends of the caller's own node of "echo" answer

    @tp-12 @ITP-2
    Scenario: a caller on a node without a backend is not answered, while one beside the backend is
      When a ClusterIP Service "echo" with 1 ready backend on one node and the internal traffic policy Local joins
      Then within the convergence time a pod on another node is not answered at the cluster IP of "echo"
      And within the convergence time a pod on the same node is answered at the cluster IP of "echo"

    @tp-14 @ITP-4 @needs.host-network
    Scenario: a node itself is answered by its own backend, on the pod network or its own
      Given a ClusterIP Service "echo" with 2 ready host-network backends on two nodes and the internal traffic policy Local
      When a node opens 40 connections to the cluster IP of "echo"
      Then every connection is answered
      And only backends of the caller's own node of "echo" answer

  Rule: Without an internal policy, every ready backend MUST be used from every node

    @tp-13 @ITP-3
    Scenario: callers on every node are answered by backends of both
      Given a ClusterIP Service "echo" with 2 ready backends on two nodes
      When a pod on one node opens 60 connections to the cluster IP of "echo"
      Then every connection is answered
      And every ready backend of "echo" answers

  Rule: The internal policy MUST NOT bind callers outside

    @tp-10 @ITP-5 @needs.node-addresses
    Scenario: every node's port answers a caller outside
      Given a NodePort Service "echo" with 1 ready backend on one node and the internal traffic policy Local
      When a host outside the cluster opens 20 connections to the node port of "echo" on every node
      Then every connection is answered
