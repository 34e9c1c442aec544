@extended @needs.exec @needs.dns
Feature: Records of Services
  Beyond addresses: services, reverse names, and what is not there.
  Spec: https://github.com/kubernetes/dns/blob/master/docs/specification.md

  Rule: Each named port MUST have an SRV record

    @dns-09 @REC-1
    Scenario: a named port's record tells its number and the Service's name
      Given this Service exists:
        """
        metadata: {name: echo}
        spec: {ports: [{name: http, port: 80, targetPort: 8080}]}
        """
      When a pod looks up the SRV records of port "http" of "echo"
      Then the look-up answers with exactly the port and full name of "echo"

  Rule: A cluster IP MUST resolve back to its Service's name

    @dns-10 @REC-3
    Scenario: the reverse look-up gives the name
      Given a ClusterIP Service "echo" with no ready backends
      When a pod looks up the PTR records of the cluster IP of "echo"
      Then the look-up answers with exactly the full name of "echo"

  Rule: A family that a Service has no address of MUST NOT have a record, nor spoil the name

    @dns-11 @REC-7
    Scenario: the other family's record is missing, but the name is known
      Given a ClusterIP Service "echo" with no ready backends
      When a pod looks up the other family's address records of the full name of "echo"
      Then the look-up finds the name, but no such record
      And within the convergence time a pod finds "echo" at exactly the cluster IP of "echo"

  Rule: The API server's Service MUST have a name

    @dns-12 @REC-10
    Scenario: the API server's name resolves to its cluster IP
      Given a ClusterIP Service "echo" with no ready backends
      When a pod looks up the address records of the API server's Service
      Then the look-up answers with exactly the cluster IP of "kubernetes"

  Rule: A pod on the host network MUST resolve names where its DNS policy says so

    @dns-13 @HOST-2 @needs.host-network
    Scenario: a pod on its node's network resolves a Service
      Given a ClusterIP Service "echo" with no ready backends
      When every node looks up the address records of the half name of "echo"
      Then the look-up answers with exactly the cluster IP of "echo"

  Rule: A pod's own DNS configuration MUST be what its resolver uses, and MUST NOT keep it from Services

    @dns-17 @REC-8
    Scenario: the resolver that a pod asks for is what it uses
      Given a ClusterIP Service "echo" with 1 ready backend
      When a pod with a resolver of its own reads its resolver's configuration
      Then the resolver has what the pod's own DNS configuration says
      And within the convergence time a pod with a resolver of its own finds the half name of "echo" at exactly the cluster IP of "echo"

    @dns-18 @REC-9
    Scenario: a pod with a long search list has all of it, and reaches a Service by name
      Given a ClusterIP Service "echo" with 1 ready backend
      When a pod with a long search list reads its resolver's configuration
      Then the resolver has what the pod's own DNS configuration says
      And within the convergence time a pod with a long search list is answered at the full name of "echo"
