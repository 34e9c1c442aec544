@needs.exec @extended
Feature: Bad objects around a Service
  Service ranges, Ingresses and network policies are refused where they cannot be meant.
  Spec: https://kubernetes.io/docs/concepts/services-networking/

  Background:
    Given the standing Service answers

  Rule: A service range MUST be a well-formed network, at most one of each family

    @va-39 @CIDR-4
    Scenario Outline: the service range <ranges> is refused
      When this ServiceCIDR is created:
        """
        spec: {cidrs: <ranges>}
        """
      Then it is refused as Invalid because of "spec.cidrs"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | ranges                             |
        | []                                 |
        | ["203.0.113.0/33"]                 |
        | ["203.0.113.1/24"]                 |
        | ["198.51.100.0/24", "192.0.2.0/24"] |
        | ["somewhere"]                      |

  Rule: A rule of an Ingress MUST say a host name, an absolute path and a backend

    @va-40 @VAL-16
    Scenario Outline: <what> is refused
      When this Ingress is created:
        """
        spec:
          rules:
            - host: "<host>"
              http:
                paths:
                  - path: <path>
                    pathType: <type>
                    backend: {service: {name: web, port: {<port>}}}
        """
      Then it is refused as Invalid because of "spec.rules[0].<field>"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | what                      | host             | path | type   | port          | field                                     |
        | a relative path           | shop.example.com | api  | Prefix | number: 80    | http.paths[0].path                        |
        | an unknown kind of path   | shop.example.com | /api | Maybe  | number: 80    | http.paths[0].pathType                    |
        | an address for a host     | 203.0.113.7      | /api | Prefix | number: 80    | host                                      |
        | a backend without a port  | shop.example.com | /api | Prefix |               | http.paths[0].backend                     |
        | a port that is too high   | shop.example.com | /api | Prefix | number: 70000 | http.paths[0].backend.service.port.number |

    @va-41 @VAL-16 @ING-3
    Scenario: an Ingress that names a missing Service is accepted
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
                    backend: {service: {name: no-such-service, port: {number: 80}}}
        """
      Then it is accepted
      And the standing Service still answers

  Rule: A network policy MUST name well-formed ranges and ports

    @va-42 @VAL-17
    Scenario Outline: a policy with <what> is refused
      When this NetworkPolicy is created:
        """
        spec:
          podSelector: {matchLabels: {app: nobody}}
          ingress: [<rule>]
        """
      Then it is refused as Invalid because of "spec.ingress[0].<field>"
      And nothing is left of it
      And the standing Service still answers

      Examples:
        | what                          | rule                                                                     | field                     |
        | a malformed range             | {from: [{ipBlock: {cidr: 203.0.113.300/24}}]}                            | from[0].ipBlock.cidr      |
        | an exception outside its range | {from: [{ipBlock: {cidr: 203.0.113.0/24, except: [198.51.100.0/24]}}]}   | from[0].ipBlock.except[0] |
        | a port that is too high       | {ports: [{port: 70000}]}                                                 | ports[0].port             |
        | a range of ports backwards    | {ports: [{port: 90, endPort: 80}]}                                       | ports[0].endPort          |
        | an unknown protocol           | {ports: [{port: 80, protocol: ICMP}]}                                    | ports[0].protocol         |
