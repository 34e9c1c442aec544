@source @core
Feature: Discovery of Services
  A pod learns of Services from its environment, when it is made, and from the cluster's DNS, at any time.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#discovering-services

  Rule: A pod MUST have the environment variables of every Service that is older than it, and of none that is newer

    @src-03 @ENV-1 @ENV-2 @ENV-6 @needs.exec
    Scenario: a new Service is in the environment of new pods, and not of old ones
      Given a NodePort Service "old" with 2 ready nginx-and-busybox pods
      When a NodePort Service "new" with 2 ready nginx-and-busybox pods joins
      Then every pod of "new" has the environment variables of "new"
      And every pod of "new" has the environment variables of "old"
      But no pod of "old" has an environment variable of "new"
      And the pods of "old" are the ones from before, never restarted

  Rule: Every pod MUST reach every Service of its namespace by name, whichever of them is older

    @src-04 @DNS-10 @DNS-11 @needs.exec @needs.dns
    Scenario: old pods reach a new Service by name, and new pods an old one
      Given a NodePort Service "old" with 2 ready nginx-and-busybox pods
      When a NodePort Service "new" with 2 ready nginx-and-busybox pods joins
      Then every pod of "old" gets the sample page at "new"
      And every pod of "new" gets the sample page at "old"
      And the pods of "old" are the ones from before, never restarted
