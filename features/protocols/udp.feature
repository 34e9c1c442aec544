@extended @needs.exec
Feature: UDP
  A Service carries datagrams to its backends, and their answers back.
  Spec: https://kubernetes.io/docs/reference/networking/service-protocols/#protocol-udp

  Rule: Datagrams MUST reach the backends wherever TCP would

    @pr-01 @UDP-1 @UDP-2
    Scenario Outline: datagrams are answered at <frontend>
      Given this Service exists:
        """
        metadata: {name: echo}
        spec:
          type: NodePort
          selector: {app: echo}
          ports: [{name: dns, port: 53, targetPort: 9001, protocol: UDP}]
        """
      And a Deployment "echo" with 2 ready backends
      When a pod opens 60 connections to <frontend>
      Then every connection is answered
      And every ready backend of "echo" answers

      Examples:
        | frontend                 |
        | the cluster IP of "echo" |

      @needs.dns
      Examples: by name
        | frontend |
        | "echo"   |

      @needs.node-addresses
      Examples: at the nodes
        | frontend                              |
        | the node port of "echo" on every node |

  Rule: A flow that keeps its source port MUST NOT be held to a backend that is gone, or that never was

    @pr-02 @UDP-3 @UDP-6
    Scenario Outline: a flow to <frontend> moves to the replacement of its backend
      Given this Service exists:
        """
        metadata: {name: echo}
        spec:
          type: NodePort
          selector: {app: echo}
          ports: [{name: dns, port: 53, targetPort: 9001, protocol: UDP}]
        """
      And a Deployment "echo" with 1 ready backend
      And steady traffic from a pod to <frontend> over kept-alive connections
      When every backend of "echo" is deleted by force
      Then within the convergence time "echo" lists exactly 1 ready endpoint
      And within the convergence time every flow that keeps its source port is answered

      Examples:
        | frontend                 |
        | the cluster IP of "echo" |

      @needs.node-addresses
      Examples: at a node
        | frontend                             |
        | the node port of "echo" on one node |

    @pr-05 @UDP-5
    Scenario: a flow follows a changed target port
      Given this Service exists:
        """
        metadata: {name: echo}
        spec: {selector: {app: echo}, ports: [{name: dns, port: 53, targetPort: 9001, protocol: UDP}]}
        """
      And a Deployment "echo" with 1 ready backend
      And steady traffic from a pod to the cluster IP of "echo" over kept-alive connections
      When "echo" is changed to target port 9002
      Then within the convergence time every connection arrives at port 9002 of the backends

    @pr-03 @UDP-4
    Scenario: a flow that began before the first endpoint is answered once there is one
      Given this Service exists:
        """
        metadata: {name: echo}
        spec: {selector: {app: echo}, ports: [{name: dns, port: 53, targetPort: 9001, protocol: UDP}]}
        """
      And a Deployment "echo" with no ready backends
      And steady traffic from a pod to the cluster IP of "echo" over kept-alive connections
      When "echo" is scaled to 1 backend
      Then within the convergence time "echo" lists exactly 1 ready endpoint
      And within the convergence time every flow that keeps its source port is answered

    @pr-04 @UDP-9 @needs.two-nodes
    Scenario: under the internal traffic policy Local a flow moves to the new backend of its node
      Given this Service exists:
        """
        metadata: {name: echo}
        spec:
          internalTrafficPolicy: Local
          selector: {app: echo}
          ports: [{name: dns, port: 53, targetPort: 9001, protocol: UDP}]
        """
      And a Deployment "echo" with 1 ready backend on one node
      And steady traffic from a pod on one node to the cluster IP of "echo" over kept-alive connections
      When every backend of "echo" is deleted by force
      Then within the convergence time "echo" lists exactly 1 ready endpoint
      And within the convergence time every flow that keeps its source port is answered
