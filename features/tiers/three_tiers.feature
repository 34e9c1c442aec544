@needs.exec @needs.dns
Feature: Presentation, application and data
  Three tiers, each behind a Service of its own: callers outside see the first, and the last is a database.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#motivation

  Rule: Each tier MUST reach the next by the name of its Service

    @ti-12 @TR-1 @core @needs.node-addresses
    Scenario: outside, the presentation tier says what the data tier kept
      When the sample "three-tiers" is deployed
      Then within the convergence time a host outside the cluster reads what the tiers below said at the node port of "presentation" on every node

    @ti-13 @TIER-2 @CIP-26 @core
    Scenario: what the application writes into a Redis through its Service is what it reads back
      When the sample "three-tiers" is deployed
      Then within the convergence time a pod reads what the tiers below said at the cluster IP of "application"

  Rule: Only the presentation tier MUST be reachable from outside

    @ti-14 @TR-3 @extended @needs.outside @needs.node-addresses
    Scenario: the presentation tier answers outside, and those below it do not
      When the sample "three-tiers" is deployed
      Then within the convergence time a host outside the cluster reads what the tiers below said at the node port of "presentation" on every node
      But "application" is given no node port
      And "data" is given no node port
      And within the convergence time a host outside the cluster is not answered at the cluster IP of "application"
      And within the convergence time a host outside the cluster is not answered at the cluster IP of "data"

  Rule: A tier that fails MUST be seen as an error at the tiers above, and be recovered from without touching them

    @ti-15 @TR-8 @TIER-1 @extended
    Scenario Outline: without the <tier> tier, the presentation tier tells an error
      Given the sample "three-tiers" is deployed
      When "<tier>" is scaled to no backends
      Then within the convergence time a pod is told of a failed tier at the cluster IP of "presentation"

      Examples:
        | tier        |
        | application |
        | data        |

    @ti-16 @TR-2 @TIER-1 @extended
    Scenario: the data tier is back, and the tiers above that were never touched say what it keeps
      Given the sample "three-tiers" is deployed
      And "data" is scaled to no backends
      When "data" is scaled to 1 backend
      Then within the convergence time "data" lists exactly 1 ready endpoint
      And within the convergence time a pod reads what the tiers below said at the cluster IP of "presentation"
      And the pods of "application" are the ones from before, never restarted

  Rule: Applying a folder of manifests MUST make all its objects, and applying it again MUST change nothing

    @ti-17 @SYS-3 @core
    Scenario: the folder of a sample that is deployed is applied again, and everything is as it was
      Given the sample "three-tiers" is deployed
      When the sample "three-tiers" is deployed
      Then every object of the sample "three-tiers" is as it was
      And the pods of "application" are the ones from before, never restarted
