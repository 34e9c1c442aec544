@extended @serial @needs.exec @needs.node-addresses @needs.two-nodes
Feature: Nodes that go and come back under traffic
  A Service outlives the loss of a node: its endpoints there leave, the others go on, and it takes the node back.
  Spec: https://kubernetes.io/docs/concepts/architecture/nodes/#condition

  Rule: Draining a node MUST NOT cost a request where backends drain and a disruption budget holds one back

    @ch-07 @SC-11 @CH-7 @needs.drain
    Scenario: a node is drained
      Given a NodePort Service "web" with 4 ready backends
      And one backend of "web" at a time may be evicted
      And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
      And steady traffic from a host outside the cluster to the node port of "web" on every node over both kinds of connections
      When another node is drained
      Then within the convergence time only ready backends of "web" answer
      And no connection is lost

  Rule: Once the endpoints of a lost node have left, no connection MUST be lost at the others

    @ch-08 @SC-12 @CH-8 @NP-13 @NP-14 @slow @needs.node-control
    Scenario: a node is cut off
      Given a NodePort Service "web" with 4 ready backends
      And steady traffic from a pod on one node to the cluster IP of "web" over both kinds of connections
      And steady traffic from a host outside the cluster to the node port of "web" on one node over both kinds of connections
      When another node is cut off
      Then within the convergence time only ready backends of "web" answer
      And no connection is lost after convergence

    @ch-11 @CH-10 @slow @needs.node-control
    Scenario: a node that was cut off comes back
      Given a NodePort Service "web" with 4 ready backends
      And steady traffic from a pod on one node to the cluster IP of "web" over both kinds of connections
      And another node is cut off
      When the node that was cut off comes back
      Then within the convergence time every caller reaches every ready backend of "web"
      And within the convergence time a host outside the cluster is answered at the node port of "web" on every node

  Rule: A node whose kubelet has stopped MUST go on forwarding, and its backends answering, until its endpoints leave

    @ch-10 @CH-9 @slow @needs.node-control
    Scenario: the kubelet of a node stops
      Given a NodePort Service "web" with 4 ready backends
      And steady traffic from a pod on one node to the cluster IP of "web" over both kinds of connections
      And steady traffic from a host outside the cluster to the node port of "web" on every node over both kinds of connections
      When the kubelet of another node stops
      Then within the convergence time only ready backends of "web" answer
      And no connection is lost

  Rule: A Service whose backends are all on one node is down while that node is, and MUST recover when they are elsewhere

    @ch-33 @SC-13 @slow @needs.node-control
    Scenario: the node with all backends is cut off, and the Service comes to refuse
      Given a NodePort Service "web" with 2 ready backends on another node
      And a pod on one node is answered at the cluster IP of "web"
      When another node is cut off
      Then within the convergence time a pod on one node is refused at the cluster IP of "web"

    @ch-34 @SC-13 @slow @needs.node-control
    Scenario: the backends of a node that was cut off are made anew elsewhere, and answer
      Given a NodePort Service "web" with 2 ready backends on another node
      And another node is cut off
      When "web" is moved to one node
      Then within the convergence time a pod on one node is answered at the cluster IP of "web"
      And within the convergence time a host outside the cluster is answered at the node port of "web" on one node
