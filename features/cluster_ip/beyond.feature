@extended @needs.exec
Feature: What else a Service's addresses do
  Cluster IPs as nodes, backends and strangers meet them.
  Spec: https://kubernetes.io/docs/reference/networking/virtual-ips/

  Rule: Equal backends SHOULD have equal shares

    @cip-03 @SPREAD-1
    Scenario: the shares are even
      Given a ClusterIP Service "echo" with 3 ready backends
      When a pod opens 300 connections to the cluster IP of "echo"
      Then every connection is answered
      And connections are spread evenly over the backends of "echo"

  Rule: Every node MUST itself be answered at the cluster IP

    @cip-04 @CIP-6 @needs.host-network
    Scenario: every node reaches the Service
      Given a ClusterIP Service "echo" with 2 ready backends
      When every node opens 40 connections to the cluster IP of "echo"
      Then every connection is answered
      And only ready backends of "echo" answer

  Rule: Backends on their node's network MUST be reached at its address

    @cip-40 @HOST-1 @needs.host-network @needs.two-nodes
    Scenario: a pod is answered by backends on their nodes' network
      Given a ClusterIP Service "echo" with 2 ready host-network backends
      When a pod opens 40 connections to the cluster IP of "echo"
      Then every connection is answered
      And every ready backend of "echo" answers
      And the backends see themselves reached at their own address, at the target port of "echo"

  Rule: A Service MUST reach a backend outside the cluster that its EndpointSlice lists

    @cip-41 @NET-3 @SL-2 @needs.off-cluster-backend
    Scenario: a host outside the cluster answers for a Service
      Given this Service exists:
        """
        metadata: {name: legacy}
        spec: {ports: [{port: 80}]}
        """
      And a backend of "legacy" outside the cluster
      When a pod opens 20 connections to the cluster IP of "legacy"
      Then every connection is answered
      And only pod "outside" answers

  Rule: A host outside the cluster MUST NOT be answered at the cluster IP

    @cip-05 @CIP-5 @needs.outside
    Scenario: the cluster IP means nothing outside
      Given a ClusterIP Service "echo" with 1 ready backend
      When a pod opens 10 connections to the cluster IP of "echo"
      Then every connection is answered
      But within the convergence time a host outside the cluster is not answered at the cluster IP of "echo"

  Rule: A pod's source address MUST be kept through the cluster IP

    @cip-17 @NET-1 @needs.two-nodes
    Scenario Outline: backends on <node> see the caller's own address
      Given a ClusterIP Service "echo" with 1 ready backend on <node>
      When a pod on one node opens 20 connections to the cluster IP of "echo"
      Then every connection is answered
      And the backends see the address of a pod on one node

      Examples:
        | node         |
        | one node     |
        | another node |

  Rule: A pod MUST reach itself through its own Service

    @cip-15 @HP-1 @HP-2
    Scenario Outline: the only backend calls <frontend> and is answered by itself
      Given a NodePort Service "echo" with 1 ready backend
      When a pod of "echo" opens 20 connections to <frontend>
      Then every connection is answered
      And only ready backends of "echo" answer

      Examples:
        | frontend                                       |
        | the cluster IP of "echo"                       |

      @needs.node-addresses
      Examples: at the nodes
        | frontend                                       |
        | the node port of "echo" on a node with a backend |

  Rule: Services that select the same pods MUST NOT depend on each other

    @cip-16 @TP-7
    Scenario: one of two Services is deleted and the other loses nothing
      Given a ClusterIP Service "echo" with 2 ready backends
      And this Service exists:
        """
        metadata: {name: second}
        spec:
          selector: {app: echo}
          ports: [{port: 80, targetPort: 8080}]
        """
      And steady traffic from a pod to the cluster IP of "second"
      When the Service "echo" is deleted
      Then no connection is lost
      But within the convergence time a pod is not answered at the former cluster IP of "echo"

  Rule: Connections that nobody can answer MUST be refused, not left waiting

    @cip-19 @RJ-2 @needs.node-addresses
    Scenario: a node port without a backend refuses
      Given a NodePort Service "echo" with no ready backends
      When a host outside the cluster opens 4 connections to the node port of "echo" on one node, 2 seconds apart
      Then every connection is refused

    @cip-20 @RJ-4
    Scenario: a Service that loses its last backend comes to refuse
      Given a ClusterIP Service "echo" with 1 ready backend
      And a pod is answered at the cluster IP of "echo"
      When "echo" is scaled to no backends
      Then within the convergence time "echo" lists exactly no ready endpoints
      And within the convergence time a pod is refused at the cluster IP of "echo"

    @cip-26 @RJ-4
    Scenario: a Service that regains a backend answers
      Given a ClusterIP Service "echo" with no ready backends
      When "echo" is scaled to 1 backend
      Then within the convergence time "echo" lists exactly 1 ready endpoint
      And within the convergence time a pod is answered at the cluster IP of "echo"
