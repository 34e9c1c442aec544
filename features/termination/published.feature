@extended @needs.exec
Feature: Unready addresses that are published
  A Service may send traffic to pods whatever they say of themselves.
  Spec: https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/

  Rule: Where unready addresses are published, an unready pod MUST answer, and where not, it MUST NOT

    @te-10 @NR-1
    Scenario: an unready pod answers where its address is published
      Given a ClusterIP Service "echo" with 2 ready backends and unready addresses published
      And every backend of "echo" turns unready
      When a pod opens 60 connections to the cluster IP of "echo"
      Then every connection is answered

    @te-11 @NR-2
    Scenario: unready pods are taken out of service when their addresses are published no more
      Given a ClusterIP Service "echo" with 2 ready backends and unready addresses published
      And one backend of "echo" turns unready
      And steady traffic from a pod to the cluster IP of "echo"
      When "echo" is changed to unready addresses not published
      Then within the convergence time only ready backends of "echo" answer

    @te-07 @NR-4
    Scenario: an unready pod that terminates answers where its address is published
      Given a ClusterIP Service "echo" with 1 ready lingering backend and unready addresses published
      And one backend of "echo" turns unready
      When "echo" is scaled to no backends
      Then within the convergence time a pod is answered at the cluster IP of "echo"

    @te-12 @NR-4
    Scenario: an unready pod that terminates does not answer where its address is not published
      Given a ClusterIP Service "echo" with 1 ready lingering backend
      And one backend of "echo" turns unready
      When "echo" is scaled to no backends
      Then within the convergence time a pod is not answered at the cluster IP of "echo"
