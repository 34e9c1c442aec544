Feature: LoadBalancer Services inside the cluster
  A LoadBalancer Service is a NodePort and a ClusterIP Service too, whoever provides its address.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer

  Rule: A LoadBalancer Service MUST answer at its node ports and its cluster IP

    @lb-04 @LB-4 @core @needs.node-addresses
    Scenario Outline: <vantage> is answered at <frontend>
      Given a LoadBalancer Service "echo" with 2 ready backends
      When <vantage> opens 40 connections to <frontend>
      Then every connection is answered
      And only ready backends of "echo" answer

      Examples: from outside
        | vantage                    | frontend                                 |
        | a host outside the cluster | the node port of "echo" on every node    |

      @needs.exec
      Examples: from pods
        | vantage | frontend                 |
        | a pod   | the cluster IP of "echo" |

    @lb-06 @LBX-5 @extended @needs.exec
    Scenario Outline: TCP and UDP share a port number, and <protocol> is answered
      Given a LoadBalancer Service "echo" with 2 ready backends and TCP and UDP on one port number
      When a pod opens 40 connections to port "<port>" of the cluster IP of "echo"
      Then every connection is answered

      Examples:
        | protocol | port |
        | TCP      | http |
        | UDP      | udp  |

    @lb-03 @LB-3 @extended @needs.no-load-balancer @needs.node-addresses
    Scenario: where nobody provides an address, the node ports answer
      Given a LoadBalancer Service "echo" with 2 ready backends
      When a host outside the cluster opens 40 connections to the node port of "echo" on every node
      Then every connection is answered
      And the Service "echo" stays without an external address
