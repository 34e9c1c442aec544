Feature: What a LoadBalancer Service asks of the API server
  Node ports, health check ports and classes are the API server's affair; addresses are a provider's.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer

  Rule: Node ports MUST be allocated unless a LoadBalancer Service does without

    @al-22 @LBX-3 @extended
    Scenario: a LoadBalancer Service may do without node ports
      When this Service is created:
        """
        spec:
          type: LoadBalancer
          loadBalancerClass: svcproof.dev/nobody
          allocateLoadBalancerNodePorts: false
          ports: [{port: 80}]
        """
      Then it is accepted
      And "web" is given no node port
      And "web" is given a cluster IP of the service ranges

    @al-23 @LBX-3 @extended
    Scenario: a LoadBalancer Service that did without gets its node ports when it asks
      Given this Service exists:
        """
        spec:
          type: LoadBalancer
          loadBalancerClass: svcproof.dev/nobody
          allocateLoadBalancerNodePorts: false
          ports: [{port: 80}]
        """
      When the Service "web" is updated with:
        """
        spec: {allocateLoadBalancerNodePorts: true}
        """
      Then it is accepted
      And "web" is given a node port of the range for each port
      And "web" keeps its cluster IP

  Rule: A health check port MUST belong to the policy Local of a LoadBalancer Service

    @al-24 @ETP-5 @extended
    Scenario: a LoadBalancer Service under Local has a health check port, and keeps it
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
        spec: {selector: {app: other}}
        """
      Then it is accepted
      And "web" is given a health check port of the range
      And "web" keeps its health check port

    @al-25 @ETP-7 @extended
    Scenario: a LoadBalancer Service that leaves Local gives its health check port up
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
        spec: {externalTrafficPolicy: Cluster}
        """
      Then it is accepted
      And "web" is given no health check port
      And "web" keeps its node ports

  Rule: A Service that nobody provides for MUST be accepted and stay without an external address

    @al-26 @LBX-4 @extended
    Scenario: a class that no provider serves brings no address
      When this Service is created:
        """
        spec:
          type: LoadBalancer
          loadBalancerClass: svcproof.dev/nobody
          ports: [{port: 80}]
        """
      Then it is accepted
      And the Service "web" stays without an external address

    @al-27 @LB-6 @core
    Scenario: a particular address may be asked for, whether or not it is honoured
      When this Service is created:
        """
        spec:
          type: LoadBalancer
          loadBalancerIP: 203.0.113.19
          ports: [{port: 80}]
        """
      Then it is accepted
      And the Service "web" has:
        | field               | value        |
        | spec.type           | LoadBalancer |
        | spec.loadBalancerIP | 203.0.113.19 |

    @al-28 @ING-3 @core
    Scenario: an Ingress of a class that no controller serves stays without an address
      When this Ingress is created:
        """
        spec:
          ingressClassName: svcproof-nobody
          rules:
            - host: shop.example.com
              http:
                paths:
                  - path: /
                    pathType: Prefix
                    backend: {service: {name: web, port: {number: 80}}}
        """
      Then it is accepted
      And the Ingress "web" stays without an external address

  Rule: A Service's status MUST be written by its own subresource

    @al-29 @VAL-21 @extended
    Scenario: a status in an update of the Service itself is left out
      Given this Service exists:
        """
        spec:
          type: LoadBalancer
          loadBalancerClass: svcproof.dev/nobody
          ports: [{port: 80}]
        """
      When the Service "web" is updated with:
        """
        status: {loadBalancer: {ingress: [{ip: 203.0.113.20}]}}
        """
      Then it is accepted
      And the Service "web" has:
        | field                             | value |
        | status.loadBalancer.ingress[0].ip |       |
