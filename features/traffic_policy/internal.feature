@extended @needs.exec @needs.two-nodes
Feature: Internal traffic policy
  A Service can keep traffic from pods on the node where it starts.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service-traffic-policy/

  Rule: Under the internal policy Local, only backends of the caller's own node MUST be used

    @tp-07 @ITP-1
    Scenario: a caller beside a backend is answered by it
      Given a ClusterIP Service "echo" with 1 ready backend on one node and the internal traffic policy Local
      When a pod on the same node opens 40 connections to the cluster IP of "echo"
      Then every connection is answered
      And only ready backends of "echo" answer

    @tp-12 @ITP-2
    Scenario: a caller on a node without a backend is not answered
      Given a ClusterIP Service "echo" with 1 ready backend on one node and the internal traffic policy Local
      When a pod on another node opens 5 connections to the cluster IP of "echo"
      Then no connection is answered
