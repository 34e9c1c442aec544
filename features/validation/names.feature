@needs.exec
Feature: Bad names, labels and fields
  A Service is told apart by its name; a name, a label or a field that cannot be right is refused.
  Spec: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/

  Background:
    Given the standing Service answers

  Rule: A Service's name MUST be a DNS label

    @va-27 @VAL-1 @extended
    Scenario Outline: the name <name> is refused
      When this Service is created:
        """
        metadata: {name: "<name>"}
        spec:
          ports: [{port: 80}]
        """
      Then it is refused as Invalid because of "metadata.name"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | name                                                             |
        | kernoApp-prod                                                    |
        | under_score                                                      |
        | dotted.name                                                      |
        | -dash                                                            |
        | sixty-four-letters-are-one-too-many-for-the-label-of-a-dns-name0 |

  Rule: A name MUST be given once in a namespace

    @va-28 @CIP-24 @core
    Scenario: a second Service of the same name is refused, and the first goes on
      Given a ClusterIP Service "web" with 1 ready backend
      When a Service asks for the name of "web"
      Then it is refused as AlreadyExists
      And "web" is as it was
      And "web" still answers

    @va-29 @VAL-13 @extended
    Scenario: a Service in a namespace that does not exist is refused
      When a Service asks for a namespace that does not exist
      Then it is refused as NotFound
      And nothing is left of it
      And the standing Service still answers

  Rule: A selector MUST be made of well-formed labels

    @va-30 @VAL-6 @extended
    Scenario Outline: the selector <key>=<value> is refused
      When this Service is created:
        """
        spec:
          selector: {"<key>": "<value>"}
          ports: [{port: 80}]
        """
      Then it is refused as Invalid because of "spec.selector"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | key      | value      |
        | app      | two words  |
        | two keys | web        |
        | app      | -dash      |

  Rule: A field MUST be known, and of the right kind

    @va-31 @VAL-10 @extended
    Scenario: an unknown field is refused under strict validation
      When this Service is created under strict validation:
        """
        spec:
          ports: [{port: 80}]
          portals: [{port: 81}]
        """
      Then it is refused as BadRequest
      And nothing is left of it
      And the standing Service still answers

    @va-32 @VAL-10 @extended
    Scenario Outline: <what> is refused without strict validation, too
      When this Service is created:
        """
        spec:
          <field>: <value>
        """
      Then it is refused as BadRequest
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | what                           | field    | value             |
        | a word where a number belongs  | ports    | [{port: http}]    |
        | a number where a word belongs  | type     | 1                 |
        | a list where a map belongs     | selector | [app, web]        |
        | a map where a list belongs     | ports    | {port: 80}        |
