@core @needs.exec
Feature: Session affinity
  A Service can keep each caller with the backend that answered it first.
  Spec: https://kubernetes.io/docs/reference/networking/virtual-ips/#session-affinity

  Rule: With session affinity, a caller MUST stay with its backend

    @sa-01 @BAL-5
    Scenario: one caller is answered by one backend
      Given a ClusterIP Service "echo" with 3 ready backends and session affinity
      When a pod opens 40 connections to the cluster IP of "echo"
      Then every connection is answered
      And every connection is answered by the same backend
