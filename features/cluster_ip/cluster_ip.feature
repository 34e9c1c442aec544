@core @needs.exec
Feature: Cluster IPs
  A Service has an address of its own, at which every pod of the cluster reaches its backends.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#type-clusterip

  Rule: Every pod MUST be answered at the cluster IP, whatever its node and namespace

    @cip-01 @CIP-4 @CIP-7 @PN-8 @BAL-2 @SYS-1
    Scenario Outline: <vantage> is answered at the cluster IP
      Given a ClusterIP Service "echo" with 2 ready backends
      When <vantage> opens 40 connections to the cluster IP of "echo"
      Then every connection is answered
      And only ready backends of "echo" answer

      Examples:
        | vantage                    |
        | a pod on every node        |
        | a pod in another namespace |

    @cip-13 @CIP-21
    Scenario: a pod reaches the API server at its Service's address
      Given a ClusterIP Service "echo" with no ready backends
      When a pod opens 20 connections to the API server's Service
      Then every connection is answered

  Rule: Connections MUST reach every ready backend, and nobody else

    @cip-02 @BAL-1 @BAL-3
    Scenario: every backend has its share
      Given a ClusterIP Service "echo" with 3 ready backends
      When a pod opens 120 connections to the cluster IP of "echo"
      Then every connection is answered
      And every ready backend of "echo" answers

    @cip-32 @BAL-8 @needs.two-nodes
    Scenario: backends that are put on two nodes have their share on both
      Given a ClusterIP Service "echo" with 2 ready backends on two nodes
      When a pod opens 60 connections to the cluster IP of "echo"
      Then every connection is answered
      And every ready backend of "echo" answers

    @cip-08 @CIP-17
    Scenario: pods without the labels never answer
      Given a ClusterIP Service "echo" with 2 ready backends
      And a Deployment "other" with 2 ready backends
      And steady traffic from a pod to the cluster IP of "echo"
      When "echo" is scaled to 3 backends
      Then within the convergence time only ready backends of "echo" answer
      And no connection is lost

    @cip-09 @CIP-18
    Scenario: a pod that loses its label stops answering, and no connection is lost
      Given a ClusterIP Service "echo" with 2 ready backends
      And steady traffic from a pod to the cluster IP of "echo"
      When one backend of "echo" loses its label
      Then within the convergence time only ready backends of "echo" answer
      And no connection is lost

    @cip-24 @CIP-18
    Scenario: a pod that regains its label answers again
      Given a ClusterIP Service "echo" with 2 ready backends
      And one backend of "echo" loses its label
      And steady traffic from a pod to the cluster IP of "echo"
      When one backend of "echo" regains its label
      Then within the convergence time every caller reaches every ready backend of "echo"

  Rule: The cluster IP MUST be virtual, and lead from the declared ports to the target ports only

    @cip-06 @CIP-14 @CIP-15
    Scenario: a backend sees itself reached at its own address and target port
      Given a ClusterIP Service "echo" with 2 ready backends
      When a pod opens 40 connections to the cluster IP of "echo"
      Then every connection is answered
      And the backends see themselves reached at their own address, at the target port of "echo"

    @cip-07 @CIP-16 @RJ-5
    Scenario: a port that the Service does not declare is not answered, though its backends listen there
      When a ClusterIP Service "echo" with 1 ready backend joins
      Then within the convergence time a pod is answered at the cluster IP of "echo"
      But within the convergence time a pod on every node is not answered at port 8080 of the cluster IP of "echo"

  Rule: A cluster IP that is asked for MUST answer like any other

    @cip-10 @CIP-8
    Scenario: a chosen cluster IP is granted and answers
      Given a Deployment "newcomer" with 1 ready backend
      When a Service asks for a free cluster IP
      Then it is accepted
      And it is given what it asked for
      And within the convergence time a pod is answered at the cluster IP of "newcomer"

  Rule: A deleted Service's cluster IP MUST fall silent and be free again

    @cip-12 @CIP-27
    Scenario: a deleted Service's cluster IP falls silent
      Given a ClusterIP Service "echo" with 1 ready backend
      And a ClusterIP Service "other" with 1 ready backend
      And a pod is answered at the cluster IP of "echo"
      When the Service "echo" is deleted
      Then within the convergence time a pod is not answered at the former cluster IP of "echo"
      But within the convergence time a pod is answered at the cluster IP of "other"

    @cip-25 @CIP-27
    Scenario: a deleted Service's cluster IP is given to whoever asks for it
      Given a ClusterIP Service "echo" with 1 ready backend
      And a Deployment "newcomer" with 1 ready backend
      And the Service "echo" is deleted
      When a Service asks for the cluster IP of "echo"
      Then it is accepted
      And it is given what it asked for
      And within the convergence time a pod is answered at the cluster IP of "newcomer"

  Rule: A Service without endpoints MUST refuse connections at once

    @cip-18 @EP-10 @RJ-1
    Scenario: nobody waits for a Service that has no backend
      Given a ClusterIP Service "echo" with no ready backends
      When a pod opens 4 connections to the cluster IP of "echo", 2 seconds apart
      Then every connection is refused

  Rule: A Service MUST NOT answer while all its backends are unready, and MUST once they are ready again

    @cip-27 @RD-4
    Scenario: a Service whose backends have all turned unready comes to refuse
      Given a ClusterIP Service "echo" with 2 ready backends
      And a pod is answered at the cluster IP of "echo"
      When every backend of "echo" turns unready
      Then within the convergence time a pod is refused at the cluster IP of "echo"

    @cip-28 @RD-4
    Scenario: a Service whose backends have turned ready again answers
      Given a ClusterIP Service "echo" with 2 ready backends
      And every backend of "echo" turns unready
      When every backend of "echo" turns ready
      Then within the convergence time a pod is answered at the cluster IP of "echo"

  Rule: A Service whose only pods have ended MUST refuse connections

    @cip-33 @RJ-3
    Scenario Outline: a Service whose only pod <ends> comes to refuse
      Given this Service exists:
        """
        spec:
          selector: {app: web}
          ports: [{port: 80, targetPort: 8080}]
        """
      And a bare pod "alone" of "web"
      And a pod is answered at the cluster IP of "web"
      When one backend of "web" <ends>
      Then within the convergence time a pod is refused at the cluster IP of "web"

      Examples:
        | ends     |
        | fails    |
        | succeeds |

  Rule: Exposing a Deployment MUST give a Service with the Deployment's own selector, and it MUST answer

    @cip-31 @CIP-23
    Scenario: a Deployment is exposed, and answers
      Given a Deployment "web" with 2 ready backends
      When "web" is exposed by a ClusterIP Service
      Then the Service "web" has:
        | field             | value     |
        | spec.type         | ClusterIP |
        | spec.selector.app | web       |
      And within the convergence time a pod is answered at the cluster IP of "web"

  Rule: A backend MUST NOT receive a connection before it is ready

    @cip-34 @RD-5
    Scenario: backends that answer long before they are ready are not asked
      Given a ClusterIP Service "echo" with 1 ready tardy backend
      And steady traffic from a pod to the cluster IP of "echo"
      When "echo" is scaled to 3 backends
      Then within the convergence time every caller reaches every ready backend of "echo"
      And no new backend of "echo" answers before it is ready
      And no connection is lost
