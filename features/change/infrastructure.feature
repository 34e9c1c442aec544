@extended @serial @needs.exec
Feature: What carries Services restarts under traffic
  Service proxies, cluster DNS and the control plane may go away for a while: what they have set up goes on.
  Spec: https://kubernetes.io/docs/reference/networking/virtual-ips/

  Rule: Restarting service proxies MUST NOT cost a request, and later changes MUST be followed

    @ch-12 @CH-11 @CH-12 @needs.node-control @needs.node-addresses
    Scenario Outline: <disruption>, no connection is lost
      Given a NodePort Service "web" with 3 ready backends
      And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
      And steady traffic from a host outside the cluster to the node port of "web" on every node over both kinds of connections
      When <disruption>
      Then no connection is lost

      Examples: one and all
        | disruption                                  |
        | the service proxy of one node restarts      |
        | the service proxy of every node restarts    |

    @ch-29 @CH-12 @needs.node-control @needs.node-addresses
    Scenario: after all service proxies restarted, a change is followed
      Given a NodePort Service "web" with 3 ready backends
      And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
      And steady traffic from a host outside the cluster to the node port of "web" on every node over both kinds of connections
      And the service proxy of every node restarts
      When "web" is scaled to 5 backends
      Then within the convergence time every caller reaches every ready backend of "web"
      And no connection is lost

  Rule: Forwarding rules that something else removed MUST come back, at the latest with the next change of a Service

    @ch-36 @CH-22 @needs.node-control
    Scenario: a node's forwarding rules are removed, and come back when another Service comes
      Given a ClusterIP Service "web" with 2 ready backends
      And a pod on one node is answered at the cluster IP of "web"
      And something else removes the forwarding rules of one node
      When a ClusterIP Service "other" with 2 ready backends joins
      Then within the convergence time a pod on one node is answered at the cluster IP of "web"

  Rule: While the control plane is away the Services' traffic MUST NOT notice

    @ch-13 @CH-15 @slow @needs.node-control @needs.node-addresses
    Scenario: the control plane goes away
      Given a NodePort Service "web" with 3 ready backends
      And steady traffic from a pod on every node to the cluster IP of "web" over both kinds of connections
      And steady traffic from a host outside the cluster to the node port of "web" on every node over both kinds of connections
      When the control plane goes away for 20 seconds
      Then no connection is lost

  Rule: Losing a replica of cluster DNS MUST NOT leave a name unresolved for longer than one retry of a resolver

    @ch-30 @CH-13 @needs.dns
    Scenario: one replica of cluster DNS is lost
      Given a ClusterIP Service "web" with 1 ready backend
      And steady look-ups of "web" from a pod on every node
      When one replica of cluster DNS is lost
      Then no look-up goes unanswered for longer than one retry of a resolver

    @ch-31 @CH-14 @needs.dns
    Scenario: cluster DNS is rolled out anew
      Given a ClusterIP Service "web" with 1 ready backend
      And steady look-ups of "web" from a pod on every node
      When cluster DNS is rolled out anew
      Then no look-up goes unanswered for longer than one retry of a resolver
