@needs.exec
Feature: Session affinity
  A Service can keep each caller with the backend that answered it first.
  Spec: https://kubernetes.io/docs/reference/networking/virtual-ips/#session-affinity

  Rule: With session affinity a caller MUST stay with its backend, and without it MUST NOT

    @sa-01 @BAL-5 @core
    Scenario Outline: a caller of a Service with <backends> meets <meeting>
      Given a ClusterIP Service "echo" with <backends>
      When a pod opens 40 connections to the cluster IP of "echo"
      Then every connection is answered
      And each caller has met <meeting>

      Examples:
        | backends                              | meeting               |
        | 3 ready backends and session affinity | one backend only      |
        | 3 ready backends                      | more than one backend |

    @sa-05 @AFF-4 @extended @needs.node-addresses
    Scenario: one caller is answered by one backend at each node's port
      Given a NodePort Service "echo" with 3 ready backends and session affinity
      When a host outside the cluster opens 40 connections to the node port of "echo" on every node
      Then every connection is answered
      And each caller has met one backend only

    @sa-11 @AFF-7 @extended @needs.load-balancer
    Scenario: one caller is answered by one backend at the load balancer's address
      Given a LoadBalancer Service "echo" with 3 ready backends and session affinity
      When a host outside the cluster opens 40 connections to the load-balancer address of "echo"
      Then every connection is answered
      And each caller has met one backend only

    @sa-06 @AFF-5 @extended @needs.two-nodes
    Scenario: each of several callers is answered by one backend
      Given a ClusterIP Service "echo" with 3 ready backends and session affinity
      When a pod on every node opens 40 connections to the cluster IP of "echo"
      Then every connection is answered
      And each caller has met one backend only

    @sa-07 @AFF-6 @extended
    Scenario: one caller's datagrams are answered by one backend
      Given this Service exists:
        """
        metadata: {name: echo}
        spec:
          sessionAffinity: ClientIP
          selector: {app: echo}
          ports: [{name: udp, port: 53, targetPort: 9001, protocol: UDP}]
        """
      And a Deployment "echo" with 3 ready backends
      When a pod opens 40 connections to the cluster IP of "echo"
      Then every connection is answered
      And each caller has met one backend only

  Rule: Session affinity MUST be switched on and off on a living Service

    @sa-04 @AFF-3 @extended
    Scenario: switched on, it binds a caller
      Given a ClusterIP Service "echo" with 3 ready backends
      When "echo" is changed to session affinity
      Then within the convergence time a pod meets one backend only at the cluster IP of "echo"

    @sa-10 @AFF-3 @extended
    Scenario: switched off, it lets a caller go
      Given a ClusterIP Service "echo" with 3 ready backends and session affinity
      When "echo" is changed to no session affinity
      Then within the convergence time a pod meets more than one backend at the cluster IP of "echo"

  Rule: A caller whose backend is gone MUST be moved to another

    @sa-08 @BAL-7 @core
    Scenario: the pinned backend is deleted and another answers
      Given a ClusterIP Service "echo" with 2 ready backends and session affinity
      And steady traffic from a pod to the cluster IP of "echo"
      When every backend of "echo" is deleted by force
      Then within the convergence time only ready backends of "echo" answer

  Rule: Affinity MUST last as long as calls come within its timeout, and no longer

    @sa-09 @AFF-1 @extended @slow
    Scenario: calls within the timeout keep their backend, however long they go on
      Given a ClusterIP Service "echo" with 4 ready backends and session affinity of 5 seconds
      When a pod opens 13 connections to the cluster IP of "echo", 1 second apart
      Then every connection is answered
      And each caller has met one backend only

    @sa-03 @AFF-1 @extended @slow
    Scenario: calls beyond the timeout reach several backends
      Given a ClusterIP Service "echo" with 4 ready backends and session affinity of 1 second
      When a pod opens 13 connections to the cluster IP of "echo", 3 seconds apart
      Then every connection is answered
      And each caller has met more than one backend
