@extended @serial
Feature: Service ranges that are added and taken away
  A cluster may be given more service ranges while it runs; a range in use stays until its last Service has gone.
  Spec: https://kubernetes.io/docs/tasks/network/extend-service-ip-ranges/

  Rule: An added range MUST be usable, and MUST NOT go while a Service uses it

    @al-35 @CIDR-2 @needs.exec
    Scenario: a Service in an added range answers
      Given this ServiceCIDR exists:
        """
        spec: {cidrs: [203.0.113.0/28]}
        """
      And a Deployment "newcomer" with 1 ready backend
      When a Service asks for a cluster IP of the added service range
      Then it is accepted
      And it is given what it asked for
      And "newcomer" still answers

    @al-36 @CIDR-3
    Scenario: an added range stays while a Service uses it
      Given this ServiceCIDR exists:
        """
        spec: {cidrs: [203.0.113.16/28]}
        """
      And a Service has got a cluster IP of the added service range
      When the added service range is deleted
      Then the added service range stays

    @al-37 @CIDR-3 @CIDR-5
    Scenario: an added range goes once its last Service has gone
      Given this ServiceCIDR exists:
        """
        spec: {cidrs: [203.0.113.32/28]}
        """
      And a Service has got a cluster IP of the added service range
      And the added service range is deleted
      When the Service "newcomer" is deleted
      Then the added service range goes
