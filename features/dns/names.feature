@core @needs.exec @needs.dns
Feature: Names of Services
  The cluster's DNS gives every Service a name that pods look up.
  Spec: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#services

  Rule: The name of a Service MUST resolve to exactly its cluster IP

    @dns-01 @DNS-2 @DNS-3 @DNS-4 @REC-5
    Scenario Outline: <name> resolves to the cluster IP
      Given a ClusterIP Service "echo" with no ready backends
      When a pod looks up the A records of <name>
      Then the look-up answers with exactly the cluster IP of "echo"

      Examples:
        | name                    |
        | "echo"                  |
        | the half name of "echo" |
        | the full name of "echo" |

  Rule: A name that no Service has MUST NOT resolve

    @dns-02 @DNS-5
    Scenario: the bare name of a Service in another namespace does not resolve
      Given a ClusterIP Service "echo" with no ready backends
      When a pod in another namespace looks up the A records of "echo"
      Then the look-up finds no such name
