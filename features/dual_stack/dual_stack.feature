@extended @needs.dual-stack @needs.exec
Feature: Two address families
  A Service may have an address of each family, and answers at both.
  Spec: https://kubernetes.io/docs/concepts/services-networking/dual-stack/

  Rule: A Service with two families MUST answer at an address of each

    @ds-01 @DUAL-2 @DUAL-3 @DUAL-6
    Scenario Outline: with <families> each cluster IP answers
      Given a ClusterIP Service "echo" with 2 ready backends and <families>
      When a pod opens 60 connections to the cluster IPs of "echo"
      Then every connection is answered
      And every ready backend of "echo" answers
      And "echo" is given a cluster IP of each family
      And within the convergence time the endpoints of "echo" tell its pods as they are

      Examples:
        | families                       |
        | two address families required  |
        | two address families preferred |

    @ds-05 @DUAL-5 @needs.dns
    Scenario Outline: the name has <record> records
      Given a ClusterIP Service "echo" with 1 ready backend and two address families required
      When a pod looks up the <record> records of the full name of "echo"
      Then the look-up answers with exactly the cluster IP of "echo"

      Examples:
        | record |
        | A      |
        | AAAA   |

    @ds-04 @DUAL-9 @needs.node-addresses
    Scenario: node ports answer at the nodes' addresses of both families
      Given a NodePort Service "echo" with 2 ready backends and two address families required
      When a host outside the cluster opens 20 connections to the node port of "echo" on every node
      Then every connection is answered

  Rule: Pods MUST answer at an address of each family

    @ds-03 @DUAL-8
    Scenario: pods answer at both addresses
      Given a ClusterIP Service "echo" with 2 ready backends
      When a pod opens 20 connections to the addresses of every pod of "echo"
      Then every connection is answered

  Rule: A Service MUST be changeable from one family to two and back, keeping its first cluster IP

    @ds-02 @DUAL-7
    Scenario: a second family is added, and the first address loses nothing
      Given a ClusterIP Service "echo" with 2 ready backends
      And steady traffic from a pod to the cluster IP of "echo"
      When "echo" is changed to two address families required
      Then within the convergence time a pod is answered at the cluster IPs of "echo"
      And no connection to the cluster IP of "echo" is lost
