@core @needs.exec @needs.dns
Feature: Fronts before other Services
  A front joins what several Services say, or passes on what one says, and knows them by name alone.
  Spec: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/

  Rule: A front MUST be able to join the answers of two Services in its own

    @ti-18 @TR-5
    Scenario: the front says what both said
      When the sample "quiz-and-quote" is deployed
      Then within the convergence time a pod reads what the tiers below said at the cluster IP of "front"

    @ti-19 @TR-8 @TIER-1
    Scenario: without one of the two, the front tells an error
      Given the sample "quiz-and-quote" is deployed
      When "quote" is scaled to no backends
      Then within the convergence time a pod is told of a failed tier at the cluster IP of "front"

  Rule: A reverse proxy that is configured with a Service's name MUST reach its pods

    @ti-20 @TR-6
    Scenario: the reverse proxy passes on what the pods behind the name say
      When the sample "reverse-proxy" is deployed
      Then within the convergence time a pod reads what the tiers below said at the cluster IP of "proxy"

    @ti-21 @TR-6 @TR-7
    Scenario: the pods behind the name are replaced, and the reverse proxy goes on
      Given the sample "reverse-proxy" is deployed
      And steady traffic from a pod to the cluster IP of "proxy"
      When "backend" is rolled out anew
      Then no connection is lost
      And the pods of "proxy" are the ones from before, never restarted

    @ti-22 @TR-8 @TIER-1
    Scenario: without pods behind the name, the reverse proxy tells an error
      Given the sample "reverse-proxy" is deployed
      When "backend" is scaled to no backends
      Then within the convergence time a pod is told of a failed tier at the cluster IP of "proxy"
