@extended @needs.exec
Feature: Backends on their way out
  A terminating backend is spared new work while others can do it, and still used when nobody else can.
  Spec: https://kubernetes.io/docs/tutorials/services/pods-and-endpoint-termination-flow/

  Rule: A terminating backend MUST NOT be given new connections while others are ready

    @te-02 @TM-2 @BAL-6
    Scenario: one of two lingers, and the other gets all new connections
      Given a ClusterIP Service "echo" with 2 ready lingering backends
      And steady traffic from a pod to the cluster IP of "echo"
      When one backend of "echo" is deleted
      Then within the convergence time only ready backends of "echo" answer

  Rule: When all backends are terminating but still serve, new connections MUST go to them

    @te-03 @TM-3
    Scenario: the last backend lingers and goes on answering
      Given a ClusterIP Service "echo" with 1 ready lingering backend
      And steady traffic from a pod to the cluster IP of "echo"
      When "echo" is scaled to no backends
      Then within the convergence time "echo" lists an endpoint that is terminating and serving, but not ready
      And no connection is lost

    @te-04 @TM-4 @needs.two-nodes
    Scenario: a node's last backend lingers and goes on answering its node under the internal policy Local
      Given a ClusterIP Service "echo" with 1 ready lingering backend on one node and the internal traffic policy Local
      And steady traffic from a pod on one node to the cluster IP of "echo"
      When "echo" is scaled to no backends
      Then within the convergence time "echo" lists an endpoint that is terminating and serving, but not ready
      And no connection is lost

  Rule: A connection that stood MUST go on until its backend ends it

    @te-05 @TM-6
    Scenario: standing connections outlive the beginning of their backend's end
      Given a ClusterIP Service "echo" with 2 ready lingering backends
      And steady traffic from a pod to the cluster IP of "echo" over kept-alive connections
      When one backend of "echo" is deleted
      Then within the convergence time "echo" lists an endpoint that is terminating and serving, but not ready
      And no connection is lost

  Rule: A terminating pod MUST still be reached at its own address, and reach others

    @te-06 @TM-7
    Scenario: terminating pods call another Service
      Given a ClusterIP Service "shop" with 1 ready backend
      And a ClusterIP Service "echo" with 1 ready lingering backend
      And steady traffic from a pod of "echo" to the cluster IP of "shop"
      When "echo" is scaled to no backends
      Then within the convergence time "echo" lists an endpoint that is terminating and serving, but not ready
      And no connection is lost

    @te-08 @TM-7
    Scenario: a terminating pod answers at its own address
      Given a ClusterIP Service "echo" with 2 ready lingering backends
      When one backend of "echo" is deleted
      Then within the convergence time a pod is answered at the former address of every pod of "echo"

  Rule: A terminating pod that fails its readiness probe MUST NOT be listed as serving

    @te-09 @TM-8
    Scenario: an unready pod that terminates is listed as ending
      Given a ClusterIP Service "echo" with 1 ready lingering backend
      And one backend of "echo" turns unready
      When "echo" is scaled to no backends
      Then within the convergence time "echo" lists an endpoint that is terminating and not serving
