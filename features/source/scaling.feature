@source @core
Feature: Scaling behind a Service
  The Service stands for its backends: who uses it does not notice that their number changes.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#motivation

  Rule: A change in the number of backends MUST NOT lose a connection

    @src-05 @SC-1 @SC-2 @SC-6 @SC-7 @EP-5 @needs.node-addresses @needs.exec
    Scenario: scaling up loses no connection, and every new backend comes to answer
      Given a NodePort Service "web" with 1 ready nginx pod
      And steady traffic from a host outside the cluster to the node port of "web" on every node
      And steady traffic from a pod to the cluster IP of "web"
      When "web" is scaled to 5 backends
      Then within the convergence time "web" lists exactly 5 ready endpoints
      And no connection is lost
      And every new backend of "web" comes to answer
      And only backends of "web" answer

    @src-06 @SC-3 @SC-4 @SC-6 @needs.node-addresses @needs.exec
    Scenario: scaling down loses no connection, and one endpoint stays
      Given a NodePort Service "web" with 5 ready nginx pods
      And steady traffic from a host outside the cluster to the node port of "web" on every node
      And steady traffic from a pod to the cluster IP of "web"
      When "web" is scaled to 1 backend
      Then within the convergence time "web" lists exactly 1 ready endpoint
      And no connection is lost
      And only backends of "web" answer
