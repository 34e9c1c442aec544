@needs.exec
Feature: Bad ports of a Service
  A Service's ports are refused where they cannot be meant, with the field that is wrong, and nothing comes of them.
  Spec: https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/

  Background:
    Given the standing Service answers

  Rule: A node port MUST lie in the node-port range

    @va-01 @NP-7 @core
    Scenario Outline: <port> is refused
      When a Service asks for <port>
      Then it is refused as Invalid because of "spec.ports[0].nodePort"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | port                                      |
        | a node port one below the range           |
        | a node port one above the range           |
        | node port 80                              |
        | node port 65536                           |
        | node port -1                              |

  Rule: A node port that another Service holds MUST NOT be given away

    @va-02 @NP-8 @core
    Scenario Outline: a node port that is taken is refused to <other>, and its holder goes on
      Given a NodePort Service "holder" with 1 ready backend
      When <other> asks for the node port of "holder"
      Then it is refused as Invalid because of "spec.ports[0].nodePort"
      And nothing is left of it
      And "holder" is as it was
      And "holder" still answers

      Examples:
        | other                          |
        | a Service                      |
        | a Service in another namespace |

  Rule: Several ports MUST be told apart by name

    @va-03 @MP-2 @core
    Scenario Outline: two ports with <names> named are refused
      When this Service is created:
        """
        spec:
          ports:
            - {port: 80, name: <first>}
            - {port: 443, name: <second>}
        """
      Then it is refused as Invalid because of "<field>"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | names          | first | second | field              |
        | neither        | ""    | ""     | spec.ports[0].name |
        | only the first | http  | ""     | spec.ports[1].name |
        | only the last  | ""    | https  | spec.ports[0].name |

    @va-04 @MP-3 @core
    Scenario Outline: two ports that share <shared> are refused
      When this Service is created:
        """
        spec:
          ports:
            - {name: http, port: 80, protocol: <protocol>}
            - {name: <name>, port: <port>, protocol: <protocol>}
        """
      Then it is refused as Invalid because of "<field>"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | shared                     | name  | port | protocol | field              |
        | a name                     | http  | 81   | TCP      | spec.ports[1].name |
        | a number over TCP          | https | 80   | TCP      | spec.ports[1]      |
        | a number over UDP          | https | 80   | UDP      | spec.ports[1]      |

  Rule: A port MUST be a number from 1 to 65535

    @va-05 @VAL-2 @extended
    Scenario Outline: port <port> is refused
      When this Service is created:
        """
        spec:
          ports: [{port: <port>, targetPort: 80}]
        """
      Then it is refused as Invalid because of "spec.ports[0].port"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | port  |
        | 0     |
        | -1    |
        | 65536 |

  Rule: A protocol MUST be TCP, UDP or SCTP

    @va-06 @VAL-3 @extended
    Scenario Outline: protocol <protocol> is refused
      When this Service is created:
        """
        spec:
          ports: [{port: 80, protocol: <protocol>}]
        """
      Then it is refused as Invalid because of "spec.ports[0].protocol"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | protocol |
        | HTTP     |
        | tcp      |
        | ICMP     |

  Rule: A Service that is reached at an address MUST have a port

    @va-07 @VAL-4 @extended
    Scenario Outline: a <type> Service without ports is refused
      When this Service is created:
        """
        spec:
          type: <type>
          selector: {app: web}
        """
      Then it is refused as Invalid because of "spec.ports"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | type         |
        | ClusterIP    |
        | NodePort     |
        | LoadBalancer |

  Rule: A target port MUST be a port number or a port name

    @va-08 @VAL-5 @extended
    Scenario Outline: target port <target> is refused
      When this Service is created:
        """
        spec:
          ports: [{port: 80, targetPort: <target>}]
        """
      Then it is refused as Invalid because of "spec.ports[0].targetPort"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | target               |
        | 65536                |
        | -80                  |
        | not_a_name           |
        | a-name-that-is-long  |
        | "80"                 |

  Rule: A port's name MUST be a DNS label

    @va-09 @VAL-12 @extended
    Scenario Outline: port name <name> is refused
      When this Service is created:
        """
        spec:
          ports: [{port: 80, name: <name>}]
        """
      Then it is refused as Invalid because of "spec.ports[0].name"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | name        |
        | HTTP        |
        | under_score |
        | -dash       |
        | dotted.name |

  Rule: A field of one type MUST NOT be given to another

    @va-10 @VAL-8 @extended
    Scenario: a node port on a ClusterIP Service is refused
      When this Service is created:
        """
        spec:
          type: ClusterIP
          ports: [{port: 80, nodePort: 30080}]
        """
      Then it is refused as Invalid because of "spec.ports[0].nodePort"
      And nothing is left of it
      And the standing Service still answers

  Rule: An application protocol MUST be a well-formed name

    @va-11 @APP-2 @extended
    Scenario Outline: application protocol <protocol> is refused
      When this Service is created:
        """
        spec:
          ports: [{port: 80, appProtocol: <protocol>}]
        """
      Then it is refused as Invalid because of "spec.ports[0].appProtocol"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | protocol     |
        | not a name   |
        | http//two    |
        | example.com/ |
