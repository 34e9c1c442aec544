Feature: The addresses and ports that a Service is given
  Cluster IPs and node ports come out of the cluster's ranges, belong to one Service at a time, and can be chosen.
  Spec: https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/

  Rule: A cluster IP MUST lie in the service ranges and belong to one Service

    @al-11 @CIP-2 @CIP-13 @core
    Scenario: each Service has its own cluster IP
      Given this Service exists:
        """
        metadata: {name: other}
        spec:
          ports: [{port: 80}]
        """
      When this Service is created:
        """
        spec:
          ports: [{port: 80}]
        """
      Then it is accepted
      And "web" is given a cluster IP of the service ranges
      And "web" is given nothing that another Service holds

    @al-12 @CIDR-1 @extended
    Scenario: a cluster IP is recorded as its Service's own
      When this Service is created:
        """
        spec:
          ports: [{port: 80}]
        """
      Then it is accepted
      And "web" is given an address that is recorded as its own

    @al-13 @HL-1 @core
    Scenario: a headless Service has no cluster IP
      When this Service is created:
        """
        spec:
          clusterIP: None
          selector: {app: web}
          ports: [{port: 80}]
        """
      Then it is accepted
      And "web" is given no cluster IP
      And the Service "web" has:
        | field          | value |
        | spec.clusterIP | None  |

    @al-14 @PL-3 @extended
    Scenario: the EndpointSlices of a headless Service are labelled so
      When this Service is created:
        """
        spec:
          clusterIP: None
          selector: {app: web}
          ports: [{port: 80}]
        """
      Then it is accepted
      And every EndpointSlice of "web" has:
        | field                                              | value |
        | metadata.labels["service.kubernetes.io/headless"]  | ""    |

    @al-15 @EN-3 @extended
    Scenario: an ExternalName Service has neither cluster IP nor node port
      When this Service is created:
        """
        spec:
          type: ExternalName
          externalName: api.example.com
        """
      Then it is accepted
      And "web" is given no cluster IP
      And "web" is given no node port

  Rule: A node port MUST lie in the range and belong to one Service

    @al-16 @NP-4 @core
    Scenario: each port has its own node port
      When this Service is created:
        """
        spec:
          type: NodePort
          ports:
            - {name: http, port: 80}
            - {name: https, port: 443}
            - {name: dns, port: 53, protocol: UDP}
        """
      Then it is accepted
      And "web" is given a node port of the range for each port
      And "web" is given nothing that another Service holds

    @al-17 @NP-6 @core
    Scenario Outline: <port> is usable
      When a Service asks for <port>
      Then it is granted, or refused only because somebody holds it

      Examples:
        | port                             |
        | the first node port of the range |
        | the last node port of the range  |

    @al-18 @VAL-18 @extended
    Scenario Outline: a dry run for <wish> makes nothing
      When a dry run asks for <wish>
      Then it is accepted
      And nothing is left of it

      Examples:
        | wish              |
        | a free node port  |
        | a free cluster IP |

  Rule: A headless Service without a selector MUST default to two families

    @al-19 @DUAL-10 @extended
    Scenario: a headless Service without a selector requires both families
      When this Service is created:
        """
        spec:
          clusterIP: None
          ports: [{port: 80}]
        """
      Then it is accepted
      And the Service "web" has:
        | field               | value            |
        | spec.ipFamilyPolicy | RequireDualStack |

  Rule: A Service MUST get the address families that it asks for and the cluster has

    @al-20 @DUAL-1 @extended
    Scenario Outline: a <policy> Service gets <given>
      When this Service is created:
        """
        spec:
          ipFamilyPolicy: <policy>
          ports: [{port: 80}]
        """
      Then it is accepted
      And "web" is given <given>

      Examples:
        | policy      | given                             |
        | SingleStack | a cluster IP of the service ranges |

      @DUAL-4 @needs.single-stack
      Examples: on a cluster of one family
        | policy          | given                             |
        | PreferDualStack | a cluster IP of the service ranges |

      @DUAL-2 @DUAL-3 @needs.dual-stack
      Examples: on a cluster of two families
        | policy           | given                       |
        | PreferDualStack  | a cluster IP of each family |
        | RequireDualStack | a cluster IP of each family |

    @al-21 @DUAL-7 @extended @needs.dual-stack
    Scenario Outline: a Service that goes from <before> to <after> keeps its first cluster IP
      Given this Service exists:
        """
        spec:
          ipFamilyPolicy: <before>
          ports: [{port: 80}]
        """
      When the Service "web" is updated with:
        """
        spec: {ipFamilyPolicy: <after>}
        """
      Then it is accepted
      And "web" keeps its cluster IP
      And "web" is given <given>

      Examples:
        | before           | after            | given                             |
        | SingleStack      | RequireDualStack | a cluster IP of each family       |
        | RequireDualStack | SingleStack      | a cluster IP of the service ranges |

  Rule: A free address or port that is asked for MUST be granted as asked

    @al-30 @CIP-8 @core @needs.exec
    Scenario: a chosen cluster IP is given, and answers
      Given a Deployment "newcomer" with 1 ready backend
      When a Service asks for a free cluster IP
      Then it is accepted
      And it is given what it asked for
      And "newcomer" still answers

    @al-31 @NP-5 @core
    Scenario: a chosen node port is given
      When a Service asks for a free node port
      Then it is accepted
      And it is given what it asked for

  Rule: Nodes and pods MUST tell where they are

    @al-32 @NP-11 @PN-10 @core
    Scenario: every node tells an address, and every pod its own and its node
      When a Deployment "web" with 2 ready backends joins
      Then every node tells an address, and every pod of "web" its node and address

  Rule: Deleting several Services in one request MUST delete those and no others

    @al-33 @VAL-15 @extended @needs.exec
    Scenario: a collection of Services goes, and its neighbour goes on
      Given a ClusterIP Service "web" with 1 ready backend
      And this Service exists:
        """
        metadata: {name: first, labels: {app: season}}
        spec:
          ports: [{port: 80}]
        """
      And this Service exists:
        """
        metadata: {name: second, labels: {app: season}}
        spec:
          ports: [{port: 80}]
        """
      When every Service labelled "season" is deleted in one request
      Then it is accepted
      And no Service labelled "season" is left
      And "web" is as it was
      And "web" still answers

  Rule: The API server's proxy MUST reach a Service's backends

    @al-34 @PX-1 @extended
    Scenario Outline: the API server's proxy reaches <port>
      Given this Service exists:
        """
        spec:
          selector: {app: web}
          ports: [{name: http, port: 80, targetPort: main}]
        """
      And a Deployment "web" with 1 ready backend
      When the API server's proxy is asked for port <port> of "web"
      Then a backend of "web" has answered it

      Examples:
        | port   |
        | 80     |
        | "http" |
