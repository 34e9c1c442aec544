@needs.exec @needs.dns
Feature: External names
  A Service can be nothing but an alias in the cluster's DNS.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#externalname

  Rule: The name MUST be an alias of exactly the external name

    @en-03 @EN-1 @extended
    Scenario: the look-up gives the alias
      Given this Service exists:
        """
        metadata: {name: database}
        spec: {type: ExternalName, externalName: db.example.com}
        """
      When a pod looks up the CNAME records of the full name of "database"
      Then the look-up answers with exactly the external name of "database"

    @en-01 @EN-2 @extended
    Scenario: the alias follows a change of the external name
      Given this Service exists:
        """
        metadata: {name: database}
        spec: {type: ExternalName, externalName: db.example.com}
        """
      And a pod has found the full name of "database"
      When the Service "database" is updated with:
        """
        spec: {externalName: db2.example.com}
        """
      Then it is accepted
      And within the convergence time a pod finds the full name of "database" at exactly the external name of "database"

    @en-02 @SL-4 @core
    Scenario: an alias leads to a Service of another namespace
      Given the standing Service answers
      When an alias "alias" of the standing Service joins
      Then within the convergence time a pod is answered at "alias"

  Rule: A Service that becomes an external name, or ceases to be one, MUST change its name's answer and its doors

    @en-04 @EN-4 @extended
    Scenario: an alias that becomes a ClusterIP Service resolves to its cluster IP and answers
      Given this Service exists:
        """
        metadata: {name: echo}
        spec: {type: ExternalName, externalName: db.example.com}
        """
      And a Deployment "echo" with 1 ready backend
      When the Service "echo" is updated with:
        """
        spec: {type: ClusterIP, externalName: null, selector: {app: echo}, ports: [{port: 80, targetPort: 8080}]}
        """
      Then it is accepted
      And within the convergence time a pod finds the full name of "echo" at exactly the cluster IP of "echo"
      And within the convergence time a pod is answered at the cluster IP of "echo"

    @en-05 @EN-5 @EN-6 @extended
    Scenario: a Service that becomes an alias gives up its address
      Given a ClusterIP Service "echo" with 1 ready backend
      And a pod is answered at the cluster IP of "echo"
      When the Service "echo" is updated with:
        """
        spec: {type: ExternalName, externalName: db.example.com}
        """
      Then it is accepted
      And within the convergence time a pod finds the full name of "echo" at exactly the external name of "echo"
      And within the convergence time a pod is not answered at the former cluster IP of "echo"

    @en-06 @EN-6 @needs.node-addresses @extended
    Scenario: a NodePort Service that becomes an alias closes its node port
      Given a NodePort Service "echo" with 1 ready backend
      And a host outside the cluster is answered at the node port of "echo" on every node
      When the Service "echo" is updated with:
        """
        spec: {type: ExternalName, externalName: db.example.com}
        """
      Then it is accepted
      And within the convergence time a host outside the cluster is not answered at the former node port of "echo" on every node

    @en-07 @EN-8 @needs.node-addresses @extended
    Scenario: an alias that becomes a NodePort Service opens a node port
      Given this Service exists:
        """
        metadata: {name: echo}
        spec: {type: ExternalName, externalName: db.example.com}
        """
      And a Deployment "echo" with 1 ready backend
      When the Service "echo" is updated with:
        """
        spec: {type: NodePort, externalName: null, selector: {app: echo}, ports: [{port: 80, targetPort: 8080}]}
        """
      Then it is accepted
      And within the convergence time a host outside the cluster is answered at the node port of "echo" on every node
