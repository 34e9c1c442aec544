@extended @needs.exec @needs.node-addresses
Feature: Services that change under traffic
  What is changed in a Service shows at its addresses within the convergence time, and nothing else changes.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/

  Rule: A changed node port MUST answer at the new number and stop at the old one

    @ch-15 @CH-17
    Scenario: the node port is changed
      Given a NodePort Service "web" with 2 ready backends
      And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
      And steady traffic from a host outside the cluster to the node port of "web" on every node over new connections
      When "web" is changed to another node port
      Then within the convergence time a host outside the cluster is answered at the node port of "web" on every node
      And within the convergence time nobody answers at the former node port of "web"
      And no connection to the cluster IP of "web" is lost

  Rule: A changed target port MUST move all new connections to it

    @ch-16 @CH-18
    Scenario: the target port is changed
      Given a NodePort Service "web" with 2 ready backends
      And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
      And steady traffic from a host outside the cluster to the node port of "web" on every node over both kinds of connections
      When "web" is changed to target port 8081
      Then within the convergence time every connection arrives at port 8081 of the backends
      And no connection is lost

  Rule: A changed selector MUST move all new connections to the pods it now picks

    @ch-17 @CH-19
    Scenario: the selector is changed
      Given a NodePort Service "web" with 2 ready backends
      And a Deployment "green" with 2 ready backends
      And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
      And steady traffic from a host outside the cluster to the node port of "web" on every node over both kinds of connections
      When "web" is changed to the selector of "green"
      Then within the convergence time only ready backends of "green" answer
      And no connection is lost

  Rule: A changed type MUST open and close the node port, and leave the cluster IP alone

    @ch-18 @CH-20
    Scenario: a NodePort Service becomes a ClusterIP Service
      Given a NodePort Service "web" with 2 ready backends
      And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
      And steady traffic from a host outside the cluster to the node port of "web" on every node over new connections
      When "web" becomes a ClusterIP Service
      Then within the convergence time nobody answers at the former node port of "web"
      And no connection to the cluster IP of "web" is lost

    @ch-27 @CH-20
    Scenario: a ClusterIP Service becomes a NodePort Service
      Given a ClusterIP Service "web" with 2 ready backends
      And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
      When "web" becomes a NodePort Service
      Then within the convergence time a host outside the cluster is answered at the node port of "web" on every node
      And no connection to the cluster IP of "web" is lost

  Rule: A Service made anew under its name MUST stop at the old cluster IP and answer at the new one

    @ch-14 @CH-16
    Scenario: a Service is deleted and made anew
      Given a ClusterIP Service "web" with 2 ready backends
      And steady traffic from a pod on every node to the cluster IP of "web" over new connections
      When the Service "web" is deleted and made anew
      Then within the convergence time a pod on every node is answered at the cluster IP of "web"
      And within the convergence time nobody answers at the former cluster IP of "web"

  Rule: A Service MUST NOT notice that another comes or goes

    @ch-21 @CH-26
    Scenario: another Service comes
      Given a NodePort Service "web" with 2 ready backends
      And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
      And steady traffic from a host outside the cluster to the node port of "web" on every node over both kinds of connections
      When a NodePort Service "other" with 2 ready backends joins
      Then within the convergence time a host outside the cluster is answered at the node port of "other" on every node
      And no connection to the cluster IP of "web" is lost
      And no connection to the node port of "web" on every node is lost

    @ch-28 @CH-26
    Scenario: another Service goes
      Given a NodePort Service "web" with 2 ready backends
      And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
      And a NodePort Service "other" with 2 ready backends
      And steady traffic from a host outside the cluster to the node port of "other" on every node over new connections
      When the Service "other" is deleted
      Then within the convergence time nobody answers at the former node port of "other"
      And no connection to the cluster IP of "web" is lost

  Rule: A switch from one set of ready backends to another by a readiness gate MUST NOT cost a request

    @ch-35 @CH-21
    Scenario: the gates open for new backends and shut for the old ones
      Given a NodePort Service "web" with 2 ready gated backends
      And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
      And steady traffic from a host outside the cluster to the node port of "web" on every node over both kinds of connections
      When the gates of "web" open for as many new backends and shut for the old ones
      Then within the convergence time only ready backends of "web" answer
      And no connection is lost
