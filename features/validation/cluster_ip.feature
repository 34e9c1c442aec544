@needs.exec
Feature: Bad cluster IPs
  A cluster IP that a Service may not have is refused, with the field that is wrong, and its holder is left in peace.
  Spec: https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/

  Background:
    Given the standing Service answers

  Rule: A cluster IP MUST lie in the service ranges

    @va-12 @CIP-10 @core
    Scenario: an address outside every service range is refused
      When a Service asks for a cluster IP outside the service ranges
      Then it is refused as Invalid because of "spec.clusterIPs"
      And nothing is left of it
      And the standing Service still answers

  Rule: A cluster IP that another Service holds MUST NOT be given away

    @va-13 @CIP-11 @core
    Scenario: the cluster IP of the API server's own Service is refused
      When a Service asks for the cluster IP of the API server
      Then it is refused as Invalid because of "spec.clusterIPs"
      And nothing is left of it
      And the standing Service still answers

    @va-14 @CIP-11 @core
    Scenario Outline: a cluster IP that is taken is refused to <other>, and its holder goes on
      Given a ClusterIP Service "holder" with 1 ready backend
      When <other> asks for the cluster IP of "holder"
      Then it is refused as Invalid because of "spec.clusterIPs"
      And nothing is left of it
      And "holder" is as it was
      And "holder" still answers

      Examples:
        | other                          |
        | a Service                      |
        | a Service in another namespace |

  Rule: A cluster IP MUST be an address, or None

    @va-15 @CIP-12 @HL-1 @core
    Scenario Outline: cluster IP <address> is refused
      When this Service is created:
        """
        spec:
          clusterIP: "<address>"
          ports: [{port: 80}]
        """
      Then it is refused as Invalid because of "spec.clusterIPs"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | address     |
        | none        |
        | NONE        |
        | headless    |
        | 10.96.0.300 |
        | 10.96.0     |

  Rule: A cluster IP MUST NOT change while the Service lives

    @va-16 @CIP-3 @VAL-11 @core
    Scenario: a living Service keeps its cluster IP against a change of it
      Given a ClusterIP Service "web" with 1 ready backend
      When the Service "web" asks for a free cluster IP
      Then it is refused as Invalid because of "spec.clusterIPs[0]"
      And "web" is as it was
      And "web" still answers

  Rule: A Service that is reached at an address MUST NOT be headless

    @va-17 @VAL-9 @extended
    Scenario Outline: a headless <type> Service is refused
      When this Service is created:
        """
        spec:
          type: <type>
          clusterIP: None
          ports: [{port: 80}]
        """
      Then it is refused as Invalid because of "spec.clusterIPs[0]"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | type         |
        | NodePort     |
        | LoadBalancer |

  Rule: Address families MUST be known ones, each at most once

    @va-18 @DUAL-11 @extended
    Scenario Outline: <what> is refused
      When this Service is created:
        """
        spec:
          ipFamilyPolicy: <policy>
          ipFamilies: <families>
          ports: [{port: 80}]
        """
      Then it is refused as Invalid because of "<field>"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | what              | policy           | families     | field               |
        | an unknown family | SingleStack      | [IPv7]       | spec.ipFamilies[0]  |
        | a doubled family  | PreferDualStack  | [IPv4, IPv4] | spec.ipFamilies[1]  |
        | an unknown policy | AnyStack         | [IPv4]       | spec.ipFamilyPolicy |

      @needs.single-stack
      Examples:
        | what                            | policy           | families     | field               |
        | a second family that is missing | RequireDualStack | []           | spec.ipFamilyPolicy |

    @va-19 @DUAL-11 @extended
    Scenario: the first family of a living Service is refused a change
      Given a ClusterIP Service "web" with 1 ready backend
      When the Service "web" asks for the other address family
      Then it is refused as Invalid because of "spec"
      And "web" is as it was
      And "web" still answers
