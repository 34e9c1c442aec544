@extended @serial @needs.exec
Feature: Services and endpoints by the hundred
  What holds for one Service holds for many, and for one with many endpoints; how long it takes is a result.
  Spec: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/

  Rule: Of many Services that are made at once each MUST get endpoints and answer

    @scale-01 @SCALE-1 @SCALE-4 @slow
    Scenario: 500 Services are made at once, and each comes to answer
      Given a Deployment "web" with 2 ready backends
      When 500 Services that lead to the backends of "web" join
      Then each of the Services comes to answer

  Rule: A change to one Service among many MUST take effect within the convergence time

    @scale-02 @SCALE-2 @slow
    Scenario: one Service among 500 is scaled up
      Given a ClusterIP Service "web" with 2 ready backends
      And 500 Services lead to the backends of "web"
      And steady traffic from a pod on every node to the cluster IP of "web" over new connections
      When "web" is scaled to 3 backends
      Then within the convergence time every caller reaches every ready backend of "web"
      And no connection is lost

  Rule: A Service with many endpoints MUST have them over several EndpointSlices, each endpoint once, and reach them all

    @scale-03 @SCALE-3
    Scenario: each of 120 endpoints is reached
      Given this Service exists:
        """
        spec:
          ports: [{port: 80}]
        """
      And a Deployment "many" with 4 ready many-port backends
      And 30 EndpointSlices of "web" list the backends of "many", each at a port of its own
      When a pod opens 3200 connections to the cluster IP of "web"
      Then every connection is answered
      And every endpoint that the EndpointSlices of "web" list is reached

    @scale-04 @ES-5
    Scenario: 120 pods are listed once each, over several EndpointSlices
      Given this Service exists:
        """
        spec:
          selector: {app: web}
          publishNotReadyAddresses: true
          ports: [{port: 80}]
        """
      When 120 pods of "web" join that no node runs
      Then within the convergence time the endpoints of "web" tell its pods as they are
