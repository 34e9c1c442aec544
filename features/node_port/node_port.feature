@core @needs.node-addresses
Feature: Node ports
  A NodePort Service opens one port on every node and leads it to its backends, wherever they run.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport

  Rule: Every node MUST forward its node port, with or without a backend of its own

    @np-01 @NP-2 @NP-3 @SYS-1 @needs.two-nodes
    Scenario: every node forwards its node port to backends that run on one of them
      Given a NodePort Service "echo" with 2 ready backends on one node
      When a host outside the cluster opens 40 connections to the node port of "echo" on every node
      Then every connection is answered
      And every ready backend of "echo" answers
      And only ready backends of "echo" answer

  Rule: A node port MUST lead to every ready backend

    @np-02 @BAL-4
    Scenario: one node's port reaches every backend
      Given a NodePort Service "echo" with 4 ready backends
      When a host outside the cluster opens 150 connections to the node port of "echo" on one node
      Then every connection is answered
      And every ready backend of "echo" answers
      And only ready backends of "echo" answer

  Rule: Target port, port and node port MUST be three numbers of their own

    @np-03 @NP-10 @MP-5 @needs.exec
    Scenario Outline: port "<port>" has a node port of its own that leads to its own target port
      Given this Service exists:
        """
        metadata: {name: echo}
        spec:
          type: NodePort
          selector: {app: echo}
          ports:
            - {name: http, port: 80, targetPort: 8080}
            - {name: tcp, port: 81, targetPort: 9000}
        """
      And a Deployment "echo" with 1 ready backend
      When a host outside the cluster opens 20 connections to port "<port>" of the node port of "echo" on every node
      Then every connection is answered
      And the backends see themselves reached at their own address, at the target port of port "<port>" of "echo"
      But within the convergence time a pod is not answered at port 8080 of the cluster IP of "echo"

      Examples:
        | port |
        | http |
        | tcp  |

    @np-11 @NP-10
    Scenario: a node does not answer at the port or the target port
      Given a NodePort Service "echo" with 1 ready backend
      When a host outside the cluster opens 20 connections to the node port of "echo" on every node
      Then every connection is answered
      But within the convergence time a host outside the cluster is not answered at port 80 of the address of "echo" on every node
      And within the convergence time a host outside the cluster is not answered at port 8080 of the address of "echo" on every node

  Rule: A node port that is asked for MUST answer like any other

    @np-04 @NP-5
    Scenario: a chosen node port is granted and answers
      Given a Deployment "newcomer" with 1 ready backend
      When a Service asks for a free node port
      Then it is accepted
      And it is given what it asked for
      And within the convergence time a host outside the cluster is answered at the node port of "newcomer" on every node

  Rule: A node port MUST be open for as long as its Service is of the type that has one

    @np-05 @NP-15
    Scenario: a Service that becomes a ClusterIP Service closes its node port
      Given a NodePort Service "echo" with 1 ready backend
      And a host outside the cluster is answered at the node port of "echo" on every node
      When "echo" becomes a ClusterIP Service
      Then within the convergence time a host outside the cluster is not answered at the former node port of "echo" on every node
      But within the convergence time a pod is answered at the cluster IP of "echo"

    @np-12 @NP-15
    Scenario: a ClusterIP Service that becomes a NodePort Service opens one
      Given a ClusterIP Service "echo" with 1 ready backend
      When "echo" becomes a NodePort Service
      Then within the convergence time a host outside the cluster is answered at the node port of "echo" on every node

    @np-06 @NP-9
    Scenario: a deleted Service closes its node port
      Given a NodePort Service "echo" with 1 ready backend
      And a NodePort Service "other" with 1 ready backend
      And a host outside the cluster is answered at the node port of "echo" on every node
      When the Service "echo" is deleted
      Then within the convergence time a host outside the cluster is not answered at the former node port of "echo" on every node
      But within the convergence time a host outside the cluster is answered at the node port of "other" on every node

    @np-13 @NP-9
    Scenario: a deleted Service's node port is free for another
      Given a NodePort Service "echo" with 1 ready backend
      And a Deployment "newcomer" with 1 ready backend
      And the Service "echo" is deleted
      When a Service asks for the node port of "echo"
      Then it is accepted
      And it is given what it asked for
      And within the convergence time a host outside the cluster is answered at the node port of "newcomer" on every node
