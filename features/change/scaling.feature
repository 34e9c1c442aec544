@extended @needs.exec @needs.node-addresses
Feature: Scaling under traffic
  Callers do not notice that the number of backends changes, over new connections and over those that stand.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#motivation

  Rule: Scaling MUST NOT cost a request other than those that ending backends close

    Background:
      Given a NodePort Service "web" with 3 ready backends
      And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
      And steady traffic from a host outside the cluster to the node port of "web" on every node over both kinds of connections

    @ch-01 @SC-1 @SC-2 @SC-6 @SC-7 @CH-23 @CH-24
    Scenario: scaled up, no connection is lost and every caller reaches every backend
      When "web" is scaled to 5 backends
      Then within the convergence time every caller reaches every ready backend of "web"
      And no connection is lost

    @ch-02 @SC-3 @SC-4 @SC-6 @CH-23
    Scenario: scaled down, no connection is lost and ending backends answer no more
      When "web" is scaled to 1 backend
      Then within the convergence time only ready backends of "web" answer
      And no connection is lost

  Rule: Without backends a Service MUST come to refuse every caller, and with backends again to answer every one

    # alone: a node tells one caller of a refusal about once a second, and two floods take each other's turn
    @ch-03 @SC-8 @CH-1 @serial
    Scenario: scaled to zero, every connection comes to be refused
      Given a NodePort Service "web" with 2 ready backends
      And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
      And steady traffic from a host outside the cluster to the node port of "web" on every node over both kinds of connections
      When "web" is scaled to no backends
      Then within the convergence time every connection is refused

    @ch-24 @SC-8 @CH-1 @serial
    Scenario: scaled up from zero, every connection comes to be answered
      Given a NodePort Service "web" with no ready backends
      And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
      And steady traffic from a host outside the cluster to the node port of "web" on every node over both kinds of connections
      When "web" is scaled to 2 backends
      Then within the convergence time every connection is answered
      And within the convergence time every caller reaches every ready backend of "web"
      And no connection is lost after convergence
