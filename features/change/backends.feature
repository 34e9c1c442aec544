@extended @needs.exec @needs.node-addresses
Feature: Backends that come and go under traffic
  Backends are replaced, deleted and taken out of service; callers reach those that are left.
  Spec: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination

  Background:
    Given a NodePort Service "web" with 3 ready backends
    And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
    And steady traffic from a host outside the cluster to the node port of "web" on every node over both kinds of connections

  Rule: Replacing backends that drain MUST NOT cost a request

    @ch-04 @CH-2 @SC-9
    Scenario: rolled out anew, no connection is lost and only new backends answer
      When "web" is rolled out anew
      Then within the convergence time only ready backends of "web" answer
      And no connection is lost

    @ch-05 @SC-10 @CH-5
    Scenario: one deleted gracefully, no connection is lost and it answers no more
      When one backend of "web" is deleted
      Then within the convergence time only ready backends of "web" answer
      And no connection is lost

  Rule: Connections MUST NOT be lost any more once the endpoints have followed the loss of a backend

    @ch-06 @CH-6
    Scenario: one deleted by force, connections are lost at most until the endpoints have followed
      When one backend of "web" is deleted by force
      Then within the convergence time only ready backends of "web" answer
      And no connection is lost after convergence

  Rule: A backend MUST receive new connections exactly while it is ready

    @ch-25 @RD-1 @CH-3
    Scenario: one turns unready and receives no more connections
      When one backend of "web" turns unready
      Then within the convergence time only ready backends of "web" answer
      And no connection is lost

    @ch-26 @RD-2 @CH-4
    Scenario: one turns ready again and receives connections
      Given one backend of "web" turns unready
      When one backend of "web" turns ready
      Then within the convergence time every caller reaches every ready backend of "web"
      And no connection is lost
