@core @needs.node-addresses
Feature: Node ports
  A NodePort Service opens one port on every node and leads it to its backends, wherever they run.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport

  Rule: Every node MUST forward its node port, with or without a backend of its own

    @np-01 @NP-2 @NP-3 @SYS-1 @needs.two-nodes
    Scenario: every node forwards its node port to backends that run on one of them
      Given a NodePort Service "echo" with 2 ready backends on one node
      When a host outside the cluster opens 40 connections to the node port of "echo" on every node
      Then every connection is answered
      And every ready backend of "echo" answers
      And only ready backends of "echo" answer

  Rule: A node port MUST lead to every ready backend

    @np-02 @BAL-4
    Scenario: one node's port reaches every backend
      Given a NodePort Service "echo" with 4 ready backends
      When a host outside the cluster opens 150 connections to the node port of "echo" on one node
      Then every connection is answered
      And every ready backend of "echo" answers
      And only ready backends of "echo" answer
