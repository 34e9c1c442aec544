@needs.exec
Feature: Endpoints that are listed by hand
  A Service without a selector goes where somebody says: into the cluster, or out of it.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors

  Rule: A Service without a selector MUST send its traffic to the addresses that its EndpointSlices list

    @es-19 @SL-2 @core
    Scenario: the listed backends answer, where they are listed
      Given this Service exists:
        """
        spec:
          ports: [{port: 3000}]
        """
      And a Deployment "legacy" with 2 ready backends
      And the EndpointSlice "by-hand" of "web" lists the backends of "legacy" at port 8080
      When a pod opens 40 connections to the cluster IP of "web"
      Then every connection is answered
      And every ready backend of "legacy" answers
      And the backends see themselves reached where the EndpointSlices of "web" list them

    @es-20 @SL-3 @core @needs.dns
    Scenario: other backends are listed, and callers of the unchanged name reach them
      Given this Service exists:
        """
        spec:
          ports: [{port: 3000}]
        """
      And a Deployment "legacy" with 2 ready backends
      And a Deployment "modern" with 2 ready backends
      And the EndpointSlice "by-hand" of "web" lists the backends of "legacy" at port 8080
      And steady traffic from a pod to "web" over new connections
      When the EndpointSlice "by-hand" of "web" lists the backends of "modern" at port 8080
      Then within the convergence time only ready backends of "modern" answer
      And no connection is lost

  Rule: EndpointSlices of one Service that differ in their ports MUST each lead to their own addresses and ports

    @es-21 @ES-8 @extended
    Scenario: two EndpointSlices list different pods at different ports
      Given this Service exists:
        """
        spec:
          ports: [{port: 80}]
        """
      And a Deployment "blue" with 2 ready backends
      And a Deployment "green" with 2 ready backends
      And the EndpointSlice "one" of "web" lists the backends of "blue" at port 8080
      And the EndpointSlice "other" of "web" lists the backends of "green" at port 8081
      When a pod opens 200 connections to the cluster IP of "web"
      Then every connection is answered
      And every ready backend of "blue" answers
      And every ready backend of "green" answers
      And the backends see themselves reached where the EndpointSlices of "web" list them

  Rule: An Endpoints object that is written by hand MUST be mirrored to EndpointSlices that carry traffic

    @es-22 @ES-11 @extended
    Scenario: an Endpoints object comes to carry traffic
      Given this Service exists:
        """
        spec:
          ports: [{port: 80}]
        """
      And a Deployment "legacy" with 2 ready backends
      When the Endpoints object of "web" lists the backends of "legacy" at port 8080
      Then within the convergence time a pod is answered at the cluster IP of "web"
      And the Endpoints of "web" list what its EndpointSlices list

    @es-23 @ES-11 @extended
    Scenario: a changed Endpoints object moves the traffic
      Given this Service exists:
        """
        spec:
          ports: [{port: 80}]
        """
      And a Deployment "legacy" with 2 ready backends
      And a Deployment "modern" with 2 ready backends
      And the Endpoints object of "web" lists the backends of "legacy" at port 8080
      And a pod is answered at the cluster IP of "web"
      And steady traffic from a pod to the cluster IP of "web" over new connections
      When the Endpoints object of "web" lists the backends of "modern" at port 8080
      Then within the convergence time only ready backends of "modern" answer
      And no connection is lost
