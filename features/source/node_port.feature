@source @core
Feature: A NodePort Service
  Opens one port on every node, so that what runs in pods can be used from outside the cluster.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport

  Rule: A NodePort Service MUST be reachable from outside the cluster at every node's address

    @src-01 @NP-1 @NP-2 @NP-11 @needs.node-addresses
    Scenario: the sample page shows at every node's address
      Given a Deployment "web" with 2 ready nginx pods
      When "web" is exposed by a NodePort Service
      Then a host outside the cluster gets the sample page at the node port of "web" on every node
