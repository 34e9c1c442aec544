Feature: What EndpointSlices tell
  EndpointSlices list the pods that a Service selects, each once, with the address, port, node and state it has.
  Spec: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/

  Rule: Each selected pod MUST be listed once, as it is

    @es-01 @EP-1 @EP-3 @EP-6 @core
    Scenario: ready pods are listed as ready at the target port, not the Service's port
      When a ClusterIP Service "web" with 2 ready backends joins
      Then within the convergence time "web" lists exactly 2 ready endpoints
      And within the convergence time the endpoints of "web" tell its pods as they are

    @es-02 @ES-1 @ES-3 @ES-4 @ES-12 @APP-1 @extended
    Scenario: every port's name, protocol and application protocol is carried to the EndpointSlices
      Given a ClusterIP Service "web" with 1 ready backend
      When the Service "web" is updated with:
        """
        spec:
          ports:
            - {name: http, port: 80, targetPort: main, protocol: TCP, appProtocol: kubernetes.io/h2c}
            - {name: raw, port: 81, targetPort: tcp, protocol: TCP}
            - {name: dns, port: 53, targetPort: udp, protocol: UDP, appProtocol: example.com/dns}
        """
      Then it is accepted
      And within the convergence time the endpoints of "web" tell its pods as they are

    @es-03 @SCTP-1 @extended
    Scenario: an SCTP port is listed as one
      Given a ClusterIP Service "web" with 1 ready backend
      When the Service "web" is updated with:
        """
        spec:
          ports: [{name: signals, port: 9999, targetPort: 9999, protocol: SCTP}]
        """
      Then it is accepted
      And within the convergence time the endpoints of "web" tell its pods as they are

    @es-04 @TP-5 @extended
    Scenario: a pod without the named target port is listed without that port
      Given a ClusterIP Service "web" with 1 ready backend
      When the Service "web" is updated with:
        """
        spec:
          ports:
            - {name: http, port: 80, targetPort: main, protocol: TCP}
            - {name: admin, port: 81, targetPort: no-such-port, protocol: TCP}
        """
      Then it is accepted
      And within the convergence time the endpoints of "web" tell its pods as they are

  Rule: The list MUST follow the pods

    @es-05 @EP-5 @core
    Scenario: a new pod with the labels joins
      Given a ClusterIP Service "web" with 1 ready backend
      When a bare pod "newcomer" of "web" joins
      Then within the convergence time the endpoints of "web" tell its pods as they are

    @es-06 @EP-4 @SC-9 @core
    Scenario: a pod that dies leaves, and its successor joins
      Given a ClusterIP Service "web" with 2 ready backends
      When one backend of "web" is deleted by force
      Then within the convergence time "web" lists exactly 2 ready endpoints
      And within the convergence time the endpoints of "web" tell its pods as they are

    @es-07 @SC-14 @core
    Scenario: a bare pod that dies leaves, and nothing takes its place
      Given this Service exists:
        """
        spec:
          selector: {app: web}
          ports: [{port: 80}]
        """
      And a bare pod "alone" of "web"
      When one backend of "web" is deleted by force
      Then within the convergence time the endpoints of "web" tell its pods as they are
      And within the convergence time "web" lists exactly no ready endpoints
      And the Service "web" has made no Pod

    @es-08 @EP-7 @SC-4 @core
    Scenario: scaled from two to one, one endpoint is left
      Given a ClusterIP Service "web" with 2 ready backends
      When "web" is scaled to 1 backend
      Then within the convergence time "web" lists exactly 1 ready endpoint
      And within the convergence time the endpoints of "web" tell its pods as they are

    @es-09 @ES-2 @RD-3 @extended
    Scenario: an unready pod stays listed, neither ready nor serving, and is not restarted
      Given a ClusterIP Service "web" with 2 ready backends
      When one backend of "web" turns unready
      Then within the convergence time "web" lists an endpoint that is neither ready nor serving
      And within the convergence time the endpoints of "web" tell its pods as they are
      And the pods of "web" are the ones from before, never restarted

    @es-10 @CIP-18 @core
    Scenario: a pod that loses its label leaves
      Given a ClusterIP Service "web" with 2 ready backends
      When one backend of "web" loses its label
      Then within the convergence time the endpoints of "web" tell its pods as they are

    @es-11 @NR-1 @extended
    Scenario: unready pods are listed as ready where their addresses are published
      Given a ClusterIP Service "web" with 2 ready backends
      And one backend of "web" turns unready
      When the Service "web" is updated with:
        """
        spec: {publishNotReadyAddresses: true}
        """
      Then it is accepted
      And within the convergence time the endpoints of "web" tell its pods as they are

    @es-12 @TM-1 @extended
    Scenario: a terminating pod that still answers is listed as serving and terminating, not as ready
      Given a ClusterIP Service "web" with 2 ready backends
      When one backend of "web" is deleted
      Then within the convergence time "web" lists an endpoint that is terminating and serving, but not ready
      And within the convergence time the endpoints of "web" tell its pods as they are

    @es-18 @ES-13 @extended @needs.exec
    Scenario Outline: a pod that <ends> is not listed any more when another has joined
      Given this Service exists:
        """
        spec:
          selector: {app: web}
          ports: [{port: 80}]
        """
      And a bare pod "alone" of "web"
      And one backend of "web" <ends>
      When a bare pod "newcomer" of "web" joins
      Then within the convergence time the endpoints of "web" tell its pods as they are

      Examples:
        | ends     |
        | fails    |
        | succeeds |

  Rule: EndpointSlices MUST be kept by the cluster for as long as the Service lives, and no longer

    @es-13 @ES-6 @ES-7 @extended
    Scenario: an EndpointSlice that is deleted is made anew, and belongs to its Service
      Given a ClusterIP Service "web" with 1 ready backend
      When every EndpointSlice of "web" is deleted
      Then within the convergence time the endpoints of "web" tell its pods as they are
      And every EndpointSlice of "web" has:
        | field                                                         | value                                     |
        | metadata.labels["endpointslice.kubernetes.io/managed-by"]     | endpointslice-controller.k8s.io           |
        | metadata.ownerReferences[0].kind                              | Service                                   |
        | metadata.ownerReferences[0].name                              | web                                       |
      And "web" still answers

    @es-14 @EP-11 @core
    Scenario: the EndpointSlices go with their Service
      Given a ClusterIP Service "web" with 1 ready backend
      When the Service "web" is deleted
      Then within the convergence time no EndpointSlice of "web" is left

    @es-15 @EP-2 @extended
    Scenario: the legacy Endpoints agree with the EndpointSlices
      When a ClusterIP Service "web" with 2 ready backends joins
      Then the Endpoints of "web" list what its EndpointSlices list

    @es-24 @EP-9 @extended @needs.kubectl
    Scenario: kubectl describes the endpoints that are listed
      When a ClusterIP Service "web" with 2 ready backends joins
      Then kubectl describes "web" as it is

  Rule: A Service that selects nothing MUST be valid and list nothing

    @es-16 @EP-10 @core
    Scenario: a selector that matches no pod lists nothing
      Given a Deployment "other" with 1 ready backend
      When this Service is created:
        """
        spec:
          selector: {app: nobody}
          ports: [{port: 80}]
        """
      Then it is accepted
      And "web" is given a cluster IP of the service ranges
      And within the convergence time "web" lists exactly no ready endpoints

    @es-17 @SL-1 @core
    Scenario: a Service without a selector lists nothing by itself
      Given this Service exists:
        """
        spec:
          ports: [{port: 3000}]
        """
      When a ClusterIP Service "witness" with 1 ready backend joins
      Then within the convergence time "web" lists exactly no ready endpoints
      And "witness" still answers
