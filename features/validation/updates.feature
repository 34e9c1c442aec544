@needs.exec @extended
Feature: Updates that are refused
  An update that would break a Service changes nothing: the Service is as it was, and answers.
  Spec: https://kubernetes.io/docs/reference/using-api/api-concepts/

  Rule: An update that would break a Service MUST be refused whole

    @va-43 @VAL-11
    Scenario Outline: <what> is refused, and the Service goes on
      Given a NodePort Service "web" with 1 ready backend
      When the Service "web" is updated with:
        """
        spec: {<field>: <value>}
        """
      Then it is refused as Invalid because of "spec.<cause>"
      And "web" is as it was
      And "web" still answers

      Examples:
        | what                         | field           | value                                                          | cause                      |
        | taking every port away       | ports           | []                                                             | ports                      |
        | a node port out of the range | ports           | [{port: 80, nodePort: 80}]                                     | ports[0].nodePort          |
        | a port that is too high      | ports           | [{port: 70000}]                                                | ports[0].port              |
        | an unknown type              | type            | Headless                                                       | type                       |
        | a selector that is none      | selector        | {app: "two words"}                                             | selector                   |

  Rule: An update of a version that is no longer the latest MUST be refused

    @va-44 @VAL-14
    Scenario: the second of two updates of one version is refused
      Given a ClusterIP Service "web" with 1 ready backend
      When the Service "web" is updated from a version before its latest
      Then it is refused as Conflict
      And "web" is as it was
      And "web" still answers
