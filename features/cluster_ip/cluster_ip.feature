@core @needs.exec
Feature: Cluster IPs
  A Service has an address of its own, at which every pod of the cluster reaches its backends.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#type-clusterip

  Rule: Every pod MUST be answered at the cluster IP, whatever its node and namespace

    @cip-01 @CIP-4 @CIP-7 @PN-8 @BAL-2 @SYS-1
    Scenario Outline: <vantage> is answered at the cluster IP
      Given a ClusterIP Service "echo" with 2 ready backends
      When <vantage> opens 40 connections to the cluster IP of "echo"
      Then every connection is answered
      And only ready backends of "echo" answer

      Examples:
        | vantage                    |
        | a pod on every node        |
        | a pod in another namespace |

  Rule: Connections MUST reach every ready backend

    @cip-02 @BAL-1 @BAL-3
    Scenario: every backend has its share
      Given a ClusterIP Service "echo" with 3 ready backends
      When a pod opens 300 connections to the cluster IP of "echo"
      Then every connection is answered
      And every ready backend of "echo" answers

    @cip-03 @SPREAD-1
    Scenario: the shares are even
      Given a ClusterIP Service "echo" with 3 ready backends
      When a pod opens 300 connections to the cluster IP of "echo"
      Then every connection is answered
      And connections are spread evenly over the backends of "echo"

  Rule: A Service without endpoints MUST refuse connections at once

    @cip-18 @EP-10 @RJ-1
    Scenario: nobody waits for a Service that has no backend
      Given a ClusterIP Service "echo" with no ready backends
      When a pod opens 5 connections to the cluster IP of "echo"
      Then every connection is refused

  Rule: A pod's source address MUST be kept through the cluster IP

    @cip-17 @NET-1 @needs.two-nodes
    Scenario Outline: backends on <node> see the caller's own address
      Given a ClusterIP Service "echo" with 1 ready backend on <node>
      When a pod on one node opens 20 connections to the cluster IP of "echo"
      Then every connection is answered
      And the backends see the address of a pod on one node

      Examples:
        | node         |
        | one node     |
        | another node |
