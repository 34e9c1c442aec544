@needs.exec
Feature: Bad types and policies of a Service
  What a Service may be, and how its traffic may be steered, are closed lists; anything else is refused by its field.
  Spec: https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/

  Background:
    Given the standing Service answers

  Rule: A type MUST be one of the four

    @va-20 @TY-3 @core
    Scenario Outline: type <type> is refused
      When this Service is created:
        """
        spec:
          type: <type>
          ports: [{port: 80}]
        """
      Then it is refused as Invalid because of "spec.type"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | type      |
        | Headless  |
        | clusterip |
        | Ingress   |

  Rule: A policy MUST be one that exists

    @va-21 @VAL-7 @TD-5 @extended
    Scenario Outline: <field> <value> is refused
      When this Service is created:
        """
        spec:
          type: NodePort
          <field>: <value>
          ports: [{port: 80}]
        """
      Then it is refused as Invalid because of "spec.<field>"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | field                 | value      |
        | sessionAffinity       | Cookie     |
        | internalTrafficPolicy | Node       |
        | externalTrafficPolicy | Near       |
        | trafficDistribution   | PreferMoon |

    @va-22 @AFF-2 @extended
    Scenario Outline: an affinity timeout of <seconds> s is refused
      When this Service is created:
        """
        spec:
          sessionAffinity: ClientIP
          sessionAffinityConfig: {clientIP: {timeoutSeconds: <seconds>}}
          ports: [{port: 80}]
        """
      Then it is refused as Invalid because of "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | seconds |
        | 0       |
        | -1      |
        | 86401   |

  Rule: A field MUST only be given to a type that has a use for it

    @va-23 @VAL-8 @VAL-20 @LBX-2 @extended
    Scenario Outline: <what> is refused
      When this Service is created:
        """
        spec:
          type: <type>
          <field>: <value>
          ports: [{port: 80}]
        """
      Then it is refused as Invalid because of "spec.<field>"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | what                                             | type         | field                         | value          |
        | an external traffic policy on a ClusterIP one    | ClusterIP    | externalTrafficPolicy         | Local          |
        | a health check port on a NodePort one            | NodePort     | healthCheckNodePort           | 30080          |
        | a health check port under the policy Cluster     | LoadBalancer | healthCheckNodePort           | 30080          |
        | a load balancer class on a ClusterIP one         | ClusterIP    | loadBalancerClass             | example.com/lb |
        | the switch for node ports on a ClusterIP one     | ClusterIP    | allocateLoadBalancerNodePorts | false          |
        | source ranges on a ClusterIP one                 | ClusterIP    | loadBalancerSourceRanges      | [10.0.0.0/8]   |
        | a source range that is a word                    | LoadBalancer | loadBalancerSourceRanges      | [somewhere]    |
        | a source range without a length                  | LoadBalancer | loadBalancerSourceRanges      | [10.0.0.1]     |
        | a source range that is too long                  | LoadBalancer | loadBalancerSourceRanges      | [10.0.0.0/33]  |

  Rule: An external address or name MUST be one that can be reached

    @va-24 @VAL-19 @extended
    Scenario Outline: external IP <address> is refused
      When this Service is created:
        """
        spec:
          externalIPs: ["<address>"]
          ports: [{port: 80}]
        """
      Then it is refused as Invalid because of "spec.externalIPs[0]"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | address     |
        | 127.0.0.1   |
        | 169.254.1.1 |
        | 0.0.0.0     |
        | 224.0.0.1   |
        | somewhere   |

    @va-25 @EN-7 @extended
    Scenario Outline: external name <name> is refused
      When this Service is created:
        """
        spec:
          type: ExternalName
          externalName: <name>
        """
      Then it is refused as Invalid because of "spec.externalName"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | name                |
        | ""                  |
        | not a name          |
        | under_score.example |
        | a..b                |

  Rule: A setting that is made once MUST stay

    @va-26 @LBX-4 @ETP-5 @extended
    Scenario Outline: a living Service keeps its <setting> against a change of it
      Given this Service exists:
        """
        spec:
          type: LoadBalancer
          loadBalancerClass: svcproof.dev/nobody
          externalTrafficPolicy: Local
          ports: [{port: 80}]
        """
      When the Service "web" is updated with:
        """
        spec: {<field>: <value>}
        """
      Then it is refused as Invalid because of "spec.<field>"
      And "web" is as it was
      And the standing Service still answers

      Examples:
        | setting             | field               | value             |
        | load balancer class | loadBalancerClass   | svcproof.dev/none |
        | health check port   | healthCheckNodePort | 1                 |
