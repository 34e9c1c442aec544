@core @needs.exec @needs.dns
Feature: A tier that calls another
  The pods of one Service call another Service by its name, and pass on what it says.
  Spec: https://kubernetes.io/docs/tasks/access-application-cluster/connecting-frontend-backend/

  Rule: A Service's pods MUST be able to call another Service by name and pass its answer on

    @ti-05 @TR-4
    Scenario: the fetcher says what the lower tier said
      When the sample "server-and-fetcher" is deployed
      Then within the convergence time a pod reads what the tiers below said at the cluster IP of "fetcher"

    @ti-09 @TR-4 @needs.node-addresses
    Scenario: the fetcher says it outside, too
      When the sample "server-and-fetcher" is deployed
      Then within the convergence time a host outside the cluster reads what the tiers below said at the node port of "fetcher" on every node

  Rule: A caller MUST go on finding its backends, unrestarted, while their set changes

    @ti-11 @TR-7
    Scenario: the pods of the lower tier are replaced, and the fetcher goes on
      Given the sample "server-and-fetcher" is deployed
      And steady traffic from a pod to the cluster IP of "fetcher"
      When "server" is rolled out anew
      Then no connection is lost
      And within the convergence time a pod reads what the tiers below said at the cluster IP of "fetcher"
      And the pods of "fetcher" are the ones from before, never restarted

  Rule: A tier that fails MUST be seen as an error at the tier above, and be recovered from without touching that tier

    @ti-08 @TR-8 @TIER-1
    Scenario: without a lower tier, the fetcher tells an error
      Given the sample "server-and-fetcher" is deployed
      When "server" is scaled to no backends
      Then within the convergence time a pod is told of a failed tier at the cluster IP of "fetcher"

    @ti-10 @TR-2 @TIER-1
    Scenario: the lower tier is back, and the fetcher that was never touched says what it says
      Given the sample "server-and-fetcher" is deployed
      And "server" is scaled to no backends
      When "server" is scaled to 1 backend
      Then within the convergence time "server" lists exactly 1 ready endpoint
      And within the convergence time a pod reads what the tiers below said at the cluster IP of "fetcher"
      And the pods of "fetcher" are the ones from before, never restarted
