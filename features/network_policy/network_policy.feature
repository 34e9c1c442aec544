@needs.exec
Feature: Network policies
  A policy says who may call the pods it selects; a Service leads nobody past it.
  Spec: https://kubernetes.io/docs/concepts/services-networking/network-policies/

  Rule: Where no policy selects a pod, every other pod MUST reach it

    @npl-01 @NPL-1 @core
    Scenario: without a policy, pods of this and of another namespace are answered
      When a ClusterIP Service "echo" with 1 ready backend and no session affinity joins
      Then within the convergence time a pod in another namespace is answered at the cluster IP of "echo"
      And within the convergence time a pod is answered at "echo"

  Rule: A policy that denies everything MUST cut the pods it selects off, and nobody else

    @npl-02 @NPL-2 @extended @needs.network-policy
    Scenario: denied, the Service does not answer, and its neighbour does
      Given a ClusterIP Service "echo" with 1 ready backend
      And a ClusterIP Service "shop" with 1 ready backend
      And a pod is answered at the cluster IP of "echo"
      When a network policy that denies everything to "echo" is made
      Then within the convergence time a pod is not answered at the cluster IP of "echo"
      And within the convergence time a pod is answered at the cluster IP of "shop"

    @npl-08 @NPX-1 @extended @needs.network-policy @needs.two-nodes
    Scenario Outline: <vantage> is cut off too
      Given a ClusterIP Service "echo" with 1 ready backend on one node
      And <vantage> is answered at the cluster IP of "echo"
      When a network policy that denies everything to "echo" is made
      Then within the convergence time <vantage> is not answered at the cluster IP of "echo"

      Examples:
        | vantage                |
        | a pod on the same node |
        | a pod on another node  |

  Rule: A policy MUST admit whom it names, and nobody else

    @npl-04 @NPL-4 @NPL-3 @extended @needs.network-policy @needs.dns
    Scenario: admitted by namespace, its own is answered and another is not
      Given a ClusterIP Service "echo" with 1 ready backend
      And a pod in another namespace is answered at the cluster IP of "echo"
      When a network policy that admits only the own namespace to "echo" is made
      Then within the convergence time a pod in another namespace is not answered at the cluster IP of "echo"
      And within the convergence time a pod is answered at "echo"

    @npl-07 @NPX-4 @extended @needs.network-policy
    Scenario Outline: a policy that <rules> "echo" cuts the others off
      Given a ClusterIP Service "echo" with 1 ready backend
      And a pod is answered at the cluster IP of "echo"
      When a network policy that <rules> "echo" is made
      Then within the convergence time a pod is not answered at the cluster IP of "echo"

      Examples:
        | rules                                    |
        | admits only another port to              |
        | admits only addresses that nobody has to |

  Rule: A policy that is changed or deleted MUST be enforced as changed

    @npl-05 @NPX-2 @NPL-2 @extended @needs.network-policy
    Scenario: changed, whom it now admits is answered
      Given a ClusterIP Service "echo" with 1 ready backend
      And a pod is answered at the cluster IP of "echo"
      And a network policy that denies everything to "echo" is made
      When the network policy is changed: it admits only the target port to "echo"
      Then within the convergence time a pod is answered at the cluster IP of "echo"

    @npl-09 @NPX-2 @NPL-2 @extended @needs.network-policy
    Scenario: deleted, everybody is answered again
      Given a ClusterIP Service "echo" with 1 ready backend
      And a pod is answered at the cluster IP of "echo"
      And a network policy that denies everything to "echo" is made
      When the network policy is deleted
      Then within the convergence time a pod is answered at the cluster IP of "echo"

  Rule: A policy that denies egress MUST stop calls to Services

    @npl-06 @NPX-3 @extended @needs.network-policy
    Scenario: a pod whose egress is denied reaches no Service
      Given a ClusterIP Service "echo" with 1 ready backend
      And a Deployment "caller" with 1 ready backend
      And a pod of "caller" is answered at the cluster IP of "echo"
      When a network policy that denies egress of "caller" is made
      Then within the convergence time a pod of "caller" is not answered at the cluster IP of "echo"
      And within the convergence time a pod is answered at the cluster IP of "echo"
