@extended @needs.ingress
Feature: Ingress
  One address leads host names and paths to Services, which need no address outside of their own.
  Spec: https://kubernetes.io/docs/concepts/services-networking/ingress/

  Rule: An Ingress MUST lead each host name and path to the Service that its rules name

    @ing-01 @ING-1 @ING-2
    Scenario Outline: host "<host>" at "<path>" leads to "<Service>"
      Given a ClusterIP Service "shop" with 1 ready backend
      And a ClusterIP Service "cart" with 1 ready backend
      And a ClusterIP Service "blog" with 1 ready backend
      And an Ingress with the rules:
        | host | path  | Service |
        | shop | /     | shop    |
        | shop | /cart | cart    |
        | blog | /     | blog    |
      When a host outside the cluster opens 20 connections to host "<host>" at "<path>" of the Ingress
      Then every connection is answered
      And only ready backends of "<Service>" answer

      Examples:
        | host | path  | Service |
        | shop | /     | shop    |
        | shop | /cart | cart    |
        | blog | /     | blog    |

    @ing-03 @ING-5
    Scenario: a rule that is added takes effect, and the old one stays
      Given a ClusterIP Service "shop" with 1 ready backend
      And an Ingress with the rules:
        | host | path | Service |
        | shop | /    | shop    |
      When the Ingress is given the rules:
        | host | path | Service |
        | shop | /    | shop    |
        | blog | /    | shop    |
      Then within the convergence time a host outside the cluster is answered at host "blog" of the Ingress
      And within the convergence time a host outside the cluster is answered at host "shop" of the Ingress

    @ing-05 @ING-8
    Scenario: the Ingress follows its Service to new pods
      Given a ClusterIP Service "shop" with 2 ready backends
      And an Ingress with the rules:
        | host | path | Service |
        | shop | /    | shop    |
      And steady traffic from a host outside the cluster to host "shop" of the Ingress
      When "shop" is rolled out anew
      Then within the convergence time "shop" lists exactly 2 ready endpoints
      And every new backend of "shop" comes to answer

  Rule: What no rule names MUST NOT reach a backend

    @ing-02 @ING-6
    Scenario Outline: host "<host>" at "<path>" reaches no backend
      Given a ClusterIP Service "shop" with 1 ready backend
      And an Ingress with the rules:
        | host | path  | Service |
        | shop | /cart | shop    |
      When a host outside the cluster opens 20 connections to host "<host>" at "<path>" of the Ingress
      Then no backend of "shop" is reached

      Examples:
        | host     | path  |
        | stranger | /cart |
        | shop     | /     |

  Rule: The Services of an Ingress MUST NOT need an address outside

    @ing-04 @ING-4 @needs.outside
    Scenario: the Ingress answers, and its Service's own address means nothing outside
      Given a ClusterIP Service "shop" with 1 ready backend
      And an Ingress with the rules:
        | host | path | Service |
        | shop | /    | shop    |
      When a host outside the cluster opens 20 connections to host "shop" of the Ingress
      Then every connection is answered
      But within the convergence time a host outside the cluster is not answered at the cluster IP of "shop"

  Rule: An Ingress with a certificate MUST serve HTTPS for its host

    @ing-06 @ING-7 @needs.outside
    Scenario: the Ingress shows the host's own certificate, and the page
      Given a ClusterIP Service "shop" with 1 ready nginx pod
      And an Ingress with the rules:
        | host | path | Service |
        | shop | /    | shop    |
      When the Ingress is given a certificate for host "shop"
      Then a host outside the cluster gets the sample page at port "https" of host "shop" of the Ingress
