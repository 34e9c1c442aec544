@core @needs.exec
Feature: The pod network
  Every pod has an address of its own, at which every other pod reaches it directly.
  Spec: https://kubernetes.io/docs/concepts/cluster-administration/networking/

  Rule: Each pod MUST have an address that no other pod has

    @pn-01 @PN-1
    Scenario: no two pods share an address
      When a Deployment "web" with 3 ready backends joins
      Then no pod of the cluster shares an address with a pod of "web"

  Rule: Every pod MUST reach every other directly, unchanged on the way

    @pn-02 @PN-2 @PN-4 @PN-5 @PN-7
    Scenario: pods call each other and see each other's own addresses
      Given a ClusterIP Service "web" with 2 ready backends
      When every pod of "web" opens 20 connections to the address of every pod of "web"
      Then every connection is answered
      And the backends see the address of every pod of "web"
      And the backends see themselves reached at their own address, at the target port of "web"

    @pn-04 @PN-3
    Scenario Outline: a pod on one node reaches pods on <node>
      Given a ClusterIP Service "web" with 1 ready backend on <node>
      When a pod on one node opens 20 connections to the address of every pod of "web"
      Then every connection is answered
      And the backends see the address of a pod on one node

      Examples: on the same node
        | node     |
        | one node |

      @needs.two-nodes
      Examples: across nodes
        | node         |
        | another node |

  Rule: Pods on one node MAY listen on the same port

    @pn-03 @PN-6
    Scenario: two pods of one node answer at the same port
      Given a ClusterIP Service "web" with 2 ready backends on one node
      When a pod opens 20 connections to the address of every pod of "web"
      Then every connection is answered
      And every ready backend of "web" answers

  Rule: An address MUST lead to its own pod only, for as long as that lives; the Service stays

    @pn-05 @PN-9 @EP-8
    Scenario: a replaced pod's address falls silent while its Service answers
      Given a ClusterIP Service "web" with 1 ready backend
      When one backend of "web" is deleted by force
      Then within the convergence time "web" lists exactly 1 ready endpoint
      And within the convergence time a pod is answered at the cluster IP of "web"
      But within the convergence time a pod is not answered at the former address of every pod of "web"
