@extended @needs.exec @needs.host-network
Feature: Nodes and pods
  What runs on a node, outside the pods, reaches the pods there and on other nodes.
  Spec: https://kubernetes.io/docs/concepts/cluster-administration/networking/

  Rule: A node MUST reach its own pods and those of other nodes

    @pn-06 @NET-2
    Scenario: every node reaches every pod
      Given a ClusterIP Service "web" with 3 ready backends
      When every node opens 20 connections to the address of every pod of "web"
      Then every connection is answered
      And every ready backend of "web" answers
