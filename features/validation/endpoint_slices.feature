@needs.exec @extended
Feature: Bad EndpointSlices
  An endpoint is refused where traffic to it could only harm the node it is forwarded by.
  Spec: https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/

  Background:
    Given the standing Service answers

  Rule: An endpoint MUST be an address of its own

    @va-33 @ES-9
    Scenario Outline: the endpoint <address> is refused
      When this EndpointSlice is created:
        """
        addressType: IPv4
        endpoints: [{addresses: ["<address>"]}]
        ports: [{port: 80}]
        """
      Then it is refused as Invalid because of "endpoints[0].addresses"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | address     |
        | 127.0.0.1   |
        | 169.254.0.5 |
        | 0.0.0.0     |
        | 224.0.0.1   |
        | 2001:db8::1 |
        | example.com |

    @va-34 @ES-9
    Scenario: an endpoint without an address is refused
      When this EndpointSlice is created:
        """
        addressType: IPv4
        endpoints: [{addresses: []}]
        ports: [{port: 80}]
        """
      Then it is refused as Invalid because of "endpoints[0].addresses"
      And nothing is left of it
      And the standing Service still answers

  Rule: An EndpointSlice's address type MUST be known, and MUST NOT change

    @va-35 @ES-10
    Scenario: an unknown address type is refused
      When this EndpointSlice is created:
        """
        addressType: IPv5
        endpoints: []
        """
      Then it is refused as Invalid because of "addressType"
      And nothing is left of it
      And the standing Service still answers

    @va-36 @ES-10
    Scenario: the address type of an EndpointSlice is refused a change
      Given this EndpointSlice exists:
        """
        addressType: IPv4
        endpoints: []
        """
      When the EndpointSlice "web" is updated with:
        """
        addressType: IPv6
        """
      Then it is refused as Invalid because of "addressType"
      And the standing Service still answers

  Rule: An EndpointSlice MUST NOT be larger than allowed, nor name a port twice

    @va-37 @ES-14
    Scenario: an EndpointSlice of 1001 endpoints is refused
      When an EndpointSlice of 1001 endpoints is created
      Then it is refused as Invalid because of "endpoints"
      And nothing is left of it
      And the standing Service still answers

    @va-38 @ES-14
    Scenario: two ports of one name are refused
      When this EndpointSlice is created:
        """
        addressType: IPv4
        endpoints: []
        ports: [{name: http, port: 80}, {name: http, port: 81}]
        """
      Then it is refused as Invalid because of "ports[1].name"
      And nothing is left of it
      And the standing Service still answers
