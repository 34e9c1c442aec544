@core @needs.exec @needs.dns
Feature: Names of Services
  The cluster's DNS gives every Service a name that pods look up.
  Spec: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#services

  Rule: The name of a Service MUST resolve to exactly its cluster IP

    @dns-01 @DNS-2 @DNS-3 @DNS-4 @DNS-15 @DNS-16 @REC-5 @REC-6
    Scenario Outline: <name> resolves to the cluster IP
      Given a ClusterIP Service "echo" with no ready backends
      When a pod looks up the address records of <name>
      Then the look-up answers with exactly the cluster IP of "echo"

      Examples:
        | name                             |
        | "echo"                           |
        | the half name of "echo"          |
        | the full name of "echo" over UDP |
        | the full name of "echo" over TCP |

    @dns-07 @DNS-4
    Scenario: the half name resolves in another namespace
      Given a ClusterIP Service "echo" with no ready backends
      When a pod in another namespace looks up the address records of the half name of "echo"
      Then the look-up answers with exactly the cluster IP of "echo"

    @dns-08 @DNS-4 @DNS-15
    Scenario Outline: a pod is answered at <name>
      Given a ClusterIP Service "echo" with 1 ready backend
      When a pod opens 20 connections to <name>
      Then every connection is answered
      And only ready backends of "echo" answer

      Examples:
        | name                    |
        | "echo"                  |
        | the full name of "echo" |

  Rule: A name that no Service has MUST NOT resolve

    @dns-02 @DNS-5
    Scenario: the bare name of a Service in another namespace does not resolve
      Given a ClusterIP Service "echo" with no ready backends
      When a pod in another namespace looks up the address records of "echo"
      Then the look-up finds no such name

    @dns-03 @DNS-17
    Scenario: a name that no Service ever had does not resolve
      Given a ClusterIP Service "echo" with no ready backends
      When a pod looks up the address records of the full name of "nobody"
      Then the look-up finds no such name

  Rule: A Service's record MUST come and go with it

    @dns-05 @DNS-12
    Scenario: a new Service has a name
      When a ClusterIP Service "echo" with no ready backends joins
      Then within the convergence time a pod finds the full name of "echo" at exactly the cluster IP of "echo"

    @dns-04 @DNS-12
    Scenario: a deleted Service's name is gone
      Given a ClusterIP Service "echo" with no ready backends
      And a pod has found the full name of "echo"
      When the Service "echo" is deleted
      Then within the convergence time a pod finds nobody called the full name of "echo"

    @dns-16 @CIP-9
    Scenario: a Service made anew with its predecessor's address keeps its name's answer
      Given a ClusterIP Service "newcomer" with no ready backends
      And the Service "newcomer" is deleted
      When a Service asks for the cluster IP of "newcomer"
      Then it is accepted
      And within the convergence time a pod finds the full name of "newcomer" at exactly the cluster IP of "newcomer"

  Rule: A pod's resolver MUST ask cluster DNS and complete names by the pod's own namespace first

    @dns-06 @DNS-6 @DNS-7 @DNS-8 @DNS-9
    Scenario: every node sets resolvers up for Services
      Given a ClusterIP Service "echo" with no ready backends
      When a pod on every node reads its resolver's configuration
      Then the resolver asks cluster DNS, a Service with ready pods behind it
      And the resolver searches its own namespace, then all Services, then the cluster's domain

  Rule: A pod without cluster DNS MUST reach a Service at its cluster IP

    @dns-14 @DNS-14
    Scenario: a pod whose resolver asks nobody is answered at the cluster IP, and not by name
      Given a ClusterIP Service "echo" with 1 ready backend
      When a pod without cluster DNS opens 20 connections to the cluster IP of "echo"
      Then every connection is answered
      But within the convergence time a pod without cluster DNS is not answered at the full name of "echo"

  Rule: A name MUST stay with its Service whatever becomes of the pods

    @dns-15 @DNS-13
    Scenario: the name keeps its answer while every pod is replaced
      Given a ClusterIP Service "echo" with 2 ready backends
      And steady look-ups of "echo" from a pod
      When "echo" is rolled out anew
      Then no look-up goes unanswered for longer than one retry of a resolver
      And within the convergence time a pod finds the full name of "echo" at exactly the cluster IP of "echo"
