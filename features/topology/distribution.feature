@extended @needs.exec @needs.two-nodes
Feature: Traffic distribution
  A Service can prefer endpoints that are near its caller, and use the others when there are none.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#traffic-distribution

  Rule: Under PreferSameNode, calls MUST stay on the caller's node while it has a ready endpoint

    @to-01 @TD-1 @TD-6
    Scenario: a caller meets its own node's backend alone
      When a ClusterIP Service "echo" with 2 ready backends on two nodes and traffic distribution PreferSameNode joins
      Then within the convergence time a pod on one node meets its own node's backends only at the cluster IP of "echo"
      And every connection is answered
      And the EndpointSlices of "echo" hint at each endpoint's own node

    @to-02 @TD-2
    Scenario: a caller whose node has no backend is answered by another's
      Given a ClusterIP Service "echo" with 1 ready backend on another node and traffic distribution PreferSameNode
      When a pod on one node opens 20 connections to the cluster IP of "echo"
      Then every connection is answered

  Rule: Under PreferClose and PreferSameZone, calls MUST stay in the caller's zone while it has a ready endpoint

    @to-03 @TD-3 @needs.two-zones
    Scenario Outline: under <distribution> a caller meets its own zone's backend alone
      When a ClusterIP Service "echo" with 2 ready backends on two nodes and traffic distribution <distribution> joins
      Then within the convergence time a pod on one node meets its own zone's backends only at the cluster IP of "echo"
      And every connection is answered

      Examples:
        | distribution   |
        | PreferClose    |
        | PreferSameZone |

  Rule: Without a traffic distribution, every ready endpoint MUST be used

    @to-04 @TD-4
    Scenario: a caller meets the backends of both nodes
      Given a ClusterIP Service "echo" with 2 ready backends on two nodes
      When a pod on one node opens 60 connections to the cluster IP of "echo"
      Then every connection is answered
      And every ready backend of "echo" answers
