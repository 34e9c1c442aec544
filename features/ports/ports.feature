@needs.exec
Feature: Ports
  A Service names its ports, and each leads to a target port of the pods.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#multi-port-services

  Rule: Each port MUST lead to its own target port

    @po-01 @MP-1 @core
    Scenario Outline: port "<port>" of three leads to its own target
      Given this Service exists:
        """
        metadata: {name: echo}
        spec:
          selector: {app: echo}
          ports:
            - {name: http, port: 80, targetPort: 8080}
            - {name: tcp, port: 81, targetPort: 9000}
            - {name: dns, port: 53, targetPort: 9001, protocol: UDP}
        """
      And a Deployment "echo" with 1 ready backend
      When a pod opens 20 connections to port "<port>" of the cluster IP of "echo"
      Then every connection is answered
      And the backends see themselves reached at their own address, at the target port of port "<port>" of "echo"

      Examples:
        | port |
        | http |
        | tcp  |
        | dns  |

    @po-02 @TP-1 @extended
    Scenario Outline: the target port named "<target>" is the pod's port of that name
      Given this Service exists:
        """
        metadata: {name: echo}
        spec:
          selector: {app: echo}
          ports: [{port: 80, targetPort: <target>}]
        """
      And a Deployment "echo" with 1 ready backend
      When a pod opens 20 connections to the cluster IP of "echo"
      Then every connection is answered
      And the backends see themselves reached at their own address, at the target port of "echo"

      Examples:
        | target |
        | main   |
        | second |

    @po-03 @TP-2 @extended
    Scenario: a name stands for different numbers in different pods
      Given a Deployment "one" with 2 ready backends
      And a Deployment "other" with 2 ready port-swapping backends
      And this Service exists:
        """
        metadata: {name: echo}
        spec:
          selector: {kind: backend}
          ports: [{port: 80, targetPort: main}]
        """
      When a pod opens 160 connections to the cluster IP of "echo"
      Then every connection is answered
      And every ready backend of "one" answers
      And every ready backend of "other" answers
      And the backends see themselves reached at their own address, at the target port of "echo"

    @po-04 @TP-4 @extended
    Scenario: a sidecar container's port is found by its name
      Given this Service exists:
        """
        metadata: {name: echo}
        spec:
          selector: {app: echo}
          ports: [{port: 80, targetPort: main}]
        """
      And a Deployment "echo" with 1 ready sidecar backend
      When a pod opens 20 connections to the cluster IP of "echo"
      Then every connection is answered
      And the backends see themselves reached at their own address, at the target port of "echo"

  Rule: Ports MUST come and go on a living Service without disturbing the others

    @po-05 @TP-6 @extended
    Scenario: a port that is added answers
      # The first port has its name from the start. To name it later is a change of its own: until the EndpointSlice
      # follows, a proxy knows no endpoint by the new name, and refuses what comes to the port.
      Given this Service exists:
        """
        metadata: {name: echo}
        spec: {selector: {app: echo}, ports: [{name: http, port: 80, targetPort: 8080}]}
        """
      And a Deployment "echo" with 1 ready backend
      And steady traffic from a pod to port "http" of the cluster IP of "echo"
      When the Service "echo" is updated with:
        """
        spec: {ports: [{name: http, port: 80, targetPort: 8080}, {name: second, port: 81, targetPort: 8080}]}
        """
      Then it is accepted
      And no connection is lost
      And within the convergence time a pod is answered at port "second" of the cluster IP of "echo"

    @po-06 @UDP-7 @TP-6 @extended
    Scenario: of TCP and UDP on one number, UDP is removed and TCP loses nothing
      Given this Service exists:
        """
        metadata: {name: echo}
        spec:
          selector: {app: echo}
          ports:
            - {name: http, port: 80, targetPort: 8080}
            - {name: dns, port: 80, targetPort: 9001, protocol: UDP}
        """
      And a Deployment "echo" with 1 ready backend
      And steady traffic from a pod to port "http" of the cluster IP of "echo"
      And steady traffic from a pod to port "dns" of the cluster IP of "echo"
      When the Service "echo" is updated with:
        """
        spec: {ports: [{name: http, port: 80, targetPort: 8080}]}
        """
      Then it is accepted
      And no connection to port "http" of the cluster IP of "echo" is lost
      But within the convergence time a pod is not answered at port "dns" of the former cluster IP of "echo"

  Rule: Large requests and answers MUST arrive whole

    @po-07 @TP-8 @TP-9 @extended @needs.two-nodes
    Scenario Outline: a caller on one node asks another <errand> a mebibyte
      Given a ClusterIP Service "echo" with 1 ready backend on another node
      When a pod on one node asks the cluster IP of "echo" <errand> 1048576 bytes
      Then every answer of 1048576 bytes arrives whole

      Examples:
        | errand       |
        | for          |
        | to send back |

    @po-10 @UDP-8 @extended @needs.two-nodes
    Scenario: a datagram larger than one packet crosses from one node to another
      Given this Service exists:
        """
        metadata: {name: echo}
        spec:
          selector: {app: echo}
          ports: [{name: dns, port: 53, targetPort: 9001, protocol: UDP}]
        """
      And a Deployment "echo" with 1 ready backend on another node
      When a pod on one node asks the cluster IP of "echo" for 4000 bytes
      Then every answer of 4000 bytes arrives whole

  Rule: A kept-alive connection MUST stay with the backend that it was opened to

    @po-09 @SPREAD-2 @extended
    Scenario: requests on one connection have one backend, whoever joins
      Given a ClusterIP Service "echo" with 2 ready backends
      And steady traffic from a pod to the cluster IP of "echo" over kept-alive connections
      When "echo" is scaled to 4 backends
      Then within the convergence time "echo" lists exactly 4 ready endpoints
      And every kept-alive connection stays with one backend
      And no connection is lost

  Rule: A Service MUST carry plain HTTP and TLS side by side, the latter unchanged to the backend that ends it

    @po-11 @MP-6 @NP-12 @core @needs.node-addresses
    Scenario: a web page shows over HTTP, and over TLS under the backends' own certificate
      When a NodePort Service "web" with 2 ready nginx-with-tls pods joins
      Then a host outside the cluster gets the sample page at port "http" of the node port of "web" on every node
      And a host outside the cluster gets the sample page at port "https" of the node port of "web" on every node
