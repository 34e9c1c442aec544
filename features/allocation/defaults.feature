Feature: What a Service becomes when little is said
  A Service that leaves something out is given the documented default, and its types build on each other.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/

  Rule: What a Service leaves out MUST be given its documented default

    @al-01 @CIP-1 @CIP-25 @MP-4 @core
    Scenario: a Service with one unnamed port becomes a ClusterIP Service over TCP
      When this Service is created:
        """
        spec:
          selector: {app: web}
          ports: [{port: 80}]
        """
      Then it is accepted
      And the Service "web" has:
        | field                  | value     |
        | spec.type              | ClusterIP |
        | spec.ports[0].protocol | TCP       |
        | spec.ports[0].name     |           |
        | spec.ports[0].nodePort |           |
        | spec.sessionAffinity   | None      |

    @al-02 @TP-3 @ITP-3 @extended
    Scenario: a Service without target port and internal policy forwards to its own port, from everywhere
      When this Service is created:
        """
        spec:
          ports: [{port: 8443}]
        """
      Then it is accepted
      And the Service "web" has:
        | field                      | value   |
        | spec.ports[0].targetPort   | 8443    |
        | spec.internalTrafficPolicy | Cluster |

    @al-03 @AFF-2 @extended
    Scenario Outline: an affinity timeout of <asked> becomes <kept> s
      When this Service is created:
        """
        spec:
          sessionAffinity: ClientIP
          sessionAffinityConfig: <config>
          ports: [{port: 80}]
        """
      Then it is accepted
      And the Service "web" has:
        | field                                              | value  |
        | spec.sessionAffinityConfig.clientIP.timeoutSeconds | <kept> |

      Examples:
        | asked   | config                             | kept  |
        | nothing | {}                                 | 10800 |
        | 1 s     | {clientIP: {timeoutSeconds: 1}}     | 1     |
        | 1 day   | {clientIP: {timeoutSeconds: 86400}} | 86400 |

  Rule: The types MUST nest

    @al-04 @TY-1 @core
    Scenario Outline: a <type> Service has a cluster IP and <ports>
      When this Service is created:
        """
        spec:
          type: <type>
          loadBalancerClass: <class>
          ports:
            - {name: http, port: 80}
            - {name: https, port: 443}
        """
      Then it is accepted
      And "web" is given a cluster IP of the service ranges
      And "web" is given <ports>

      Examples:
        | type         | class              | ports                                   |
        | ClusterIP    | null               | no node port                            |
        | NodePort     | null               | a node port of the range for each port  |
        | LoadBalancer | svcproof.dev/nobody | a node port of the range for each port |

    @al-05 @TY-2 @LB-5 @core
    Scenario Outline: a <type> Service that becomes a <other> one keeps its cluster IP and has <ports>
      Given this Service exists:
        """
        spec:
          type: <type>
          loadBalancerClass: <class>
          ports: [{port: 80}]
        """
      When the Service "web" is updated with:
        """
        spec:
          type: <other>
          loadBalancerClass: <class of the other>
        """
      Then it is accepted
      And "web" keeps its cluster IP
      And "web" is given <ports>

      Examples:
        | type         | class               | other        | class of the other  | ports                                  |
        | ClusterIP    | null                | NodePort     | null                | a node port of the range for each port |
        | NodePort     | null                | LoadBalancer | svcproof.dev/nobody | a node port of the range for each port |
        | LoadBalancer | svcproof.dev/nobody | NodePort     | null                | a node port of the range for each port |
        | LoadBalancer | svcproof.dev/nobody | ClusterIP    | null                | no node port                           |
        | NodePort     | null                | ClusterIP    | null                | no node port                           |

    @al-06 @LB-5 @core
    Scenario: a NodePort Service that becomes a LoadBalancer keeps its node ports
      Given this Service exists:
        """
        spec:
          type: NodePort
          ports: [{port: 80}]
        """
      When the Service "web" is updated with:
        """
        spec: {type: LoadBalancer, loadBalancerClass: svcproof.dev/nobody}
        """
      Then it is accepted
      And "web" keeps its node ports

  Rule: A Service MUST be a Service and nothing else

    @al-07 @CIP-19 @core
    Scenario: a Service makes no pods
      When this Service is created:
        """
        spec:
          selector: {app: web}
          ports: [{port: 80}]
        """
      Then it is accepted
      And the Service "web" has made no Pod
      And the Service "web" has made no Deployment

    @al-08 @CIP-20 @core
    Scenario: a Deployment makes no Service
      When a Deployment "web" with 1 ready backend joins
      Then the Deployment "web" has made no Service

    @al-09 @CIP-22 @core
    Scenario: a Service is stored alike from YAML and from JSON
      When this Service is created in YAML and in JSON:
        """
        spec:
          selector: {app: web}
          sessionAffinity: ClientIP
          ports:
            - {name: http, port: 80, targetPort: 8080}
            - {name: dns, port: 53, targetPort: dns, protocol: UDP}
        """
      Then both are stored alike

    @al-10 @CIP-24 @core
    Scenario: a name that one namespace has is free in another
      Given this Service exists:
        """
        spec:
          ports: [{port: 80}]
        """
      When a Service in another namespace asks for the name of "web"
      Then it is accepted

  Rule: The list of Services MUST show each one's type, cluster IP, external address, and ports with their node ports

    @al-38 @SYS-4 @extended
    Scenario Outline: a <kind> Service is shown in the list as it is
      When a <kind> Service "web" with no ready backends joins
      Then the list of Services shows "web" as it is

      Examples:
        | kind         |
        | ClusterIP    |
        | NodePort     |
        | LoadBalancer |
        | headless     |
