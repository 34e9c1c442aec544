@extended @needs.load-balancer @needs.outside
Feature: Load balancers
  Where a provider gives a LoadBalancer Service an address, the outside reaches its backends there.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer

  Rule: A load balancer's address MUST lead to every backend

    @lb-01 @LB-1 @LB-2 @LB-7
    Scenario: the outside reaches every backend
      Given a LoadBalancer Service "echo" with 2 ready backends
      When a host outside the cluster opens 60 connections to the load-balancer address of "echo"
      Then every connection is answered
      And every ready backend of "echo" answers
      And only ready backends of "echo" answer

    @lb-09 @LBX-8 @needs.exec
    Scenario: pods on every node reach the load balancer's address
      Given a LoadBalancer Service "echo" with 2 ready backends
      When a pod on every node opens 20 connections to the load-balancer address of "echo"
      Then every connection is answered

  Rule: The outside MUST reach the load balancer's address and not the cluster IP

    @lb-02 @LB-8
    Scenario: the load balancer answers outside, the cluster IP does not
      When a LoadBalancer Service "echo" with 2 ready backends and the external traffic policy Cluster joins
      Then within the convergence time a host outside the cluster is answered at the load-balancer address of "echo"
      But within the convergence time a host outside the cluster is not answered at the cluster IP of "echo"

  Rule: Only callers in the source ranges MUST be answered

    @lb-05 @LBX-1
    Scenario: who is in no source range is not answered, though the node port answers
      When a LoadBalancer Service "echo" with 2 ready backends and source ranges of nobody joins
      Then within the convergence time a host outside the cluster is not answered at the load-balancer address of "echo"
      And within the convergence time a host outside the cluster is answered at the node port of "echo" on every node

    @lb-11 @LBX-1
    Scenario: who comes into a source range is answered
      Given a LoadBalancer Service "echo" with 2 ready backends and source ranges of nobody
      When "echo" is changed to source ranges of everybody
      Then within the convergence time a host outside the cluster is answered at the load-balancer address of "echo"

  Rule: A load balancer MUST do without node ports when it is told to

    @lb-12 @LBX-3
    Scenario: without node ports the address answers
      When a LoadBalancer Service "echo" with 2 ready backends and no node ports joins
      Then "echo" is given no node port
      And within the convergence time a host outside the cluster is answered at the load-balancer address of "echo"

  Rule: Under the external policy Local, backends behind a load balancer MUST see the outside caller's own address

    @lb-07 @LBX-6
    Scenario: a caller outside is seen under its own address
      Given a LoadBalancer Service "echo" with 1 ready backend on one node and the external traffic policy Local
      When a host outside the cluster opens 20 connections to the load-balancer address of "echo"
      Then every connection is answered
      And the backends see the address of a host outside the cluster

  Rule: An address that was given back MUST stop answering

    @lb-08 @LBX-7
    Scenario: back to ClusterIP, nobody answers at the former address
      Given a LoadBalancer Service "echo" with 2 ready backends
      And a host outside the cluster is answered at the load-balancer address of "echo"
      When "echo" becomes a ClusterIP Service
      Then within the convergence time a host outside the cluster is not answered at the former load-balancer address of "echo"
      And within the convergence time a pod is answered at the cluster IP of "echo"

    @lb-10 @LBX-10
    Scenario: once the Service is deleted, nobody answers at its former address
      Given a LoadBalancer Service "echo" with 2 ready backends
      And a host outside the cluster is answered at the load-balancer address of "echo"
      When the Service "echo" is deleted
      Then within the convergence time a host outside the cluster is not answered at the former load-balancer address of "echo"
