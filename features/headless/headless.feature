@needs.exec @needs.dns
Feature: Headless Services
  A Service without an address: its name stands for the pods themselves.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#headless-services

  Rule: The name MUST resolve to the addresses of all ready pods, and to no others

    @hl-01 @HL-2 @REC-6 @core
    Scenario: the name gives every ready pod
      Given a headless Service "echo" with 3 ready backends
      When a pod looks up the address records of the full name of "echo"
      Then the look-up answers with exactly the addresses of the ready pods of "echo"

    @hl-02 @HL-6 @core
    Scenario Outline: the name follows the scale from <before> to <after>
      Given a headless Service "echo" with <before>
      And a pod has found the full name of "echo"
      When "echo" is scaled to <after>
      Then within the convergence time "echo" lists exactly <listed>
      And within the convergence time a pod finds the full name of "echo" at exactly the addresses of the ready pods of "echo"

      Examples:
        | before           | after      | listed            |
        | 1 ready backend  | 3 backends | 3 ready endpoints |
        | 3 ready backends | 1 backend  | 1 ready endpoint  |

    @hl-10 @HL-3 @core
    Scenario: the name follows a pod to its replacement
      Given a headless Service "echo" with 1 ready backend
      And a pod has found the full name of "echo"
      When one backend of "echo" is deleted by force
      Then within the convergence time "echo" lists exactly 1 ready endpoint
      And within the convergence time a pod finds the full name of "echo" at exactly the addresses of the ready pods of "echo"

    @hl-06 @NR-3 @extended
    Scenario: an unready pod is not among the addresses
      Given a headless Service "echo" with 2 ready backends
      When one backend of "echo" turns unready
      Then within the convergence time a pod finds the full name of "echo" at exactly the addresses of the ready pods of "echo"

    @hl-11 @NR-3 @extended
    Scenario: an unready pod is among the addresses where they are published
      Given a headless Service "echo" with 2 ready backends and unready addresses published
      When one backend of "echo" turns unready
      Then within the convergence time a pod finds the full name of "echo" at exactly the addresses of all pods of "echo"

  Rule: A headless Service MUST NOT be proxied

    @hl-03 @HL-4 @core
    Scenario: the target port answers at the name, and the Service's port does not
      When a headless Service "echo" with 1 ready backend joins
      Then within the convergence time a pod is answered at "echo"
      But within the convergence time a pod is not answered at port 80 of "echo"

  Rule: Each pod of a StatefulSet MUST have a name of its own

    @hl-04 @HL-5 @STS-1 @TR-9 @core
    Scenario: a pod's own name leads to that pod alone
      Given a StatefulSet "db" with 2 ready backends
      When a pod opens 20 connections to pod "db-1" of "db"
      Then every connection is answered
      And only pod "db-1" answers

    @hl-07 @REC-4 @STS-1 @extended
    Scenario: a pod's own name resolves to its address alone
      Given a StatefulSet "db" with 2 ready backends
      When a pod looks up the address records of pod "db-1" of "db"
      Then the look-up answers with exactly the address of "db-1"

    @hl-05 @STS-2 @extended
    Scenario: a pod's own name follows it to its replacement
      Given a StatefulSet "db" with 1 ready backend
      When one backend of "db" is deleted by force
      Then within the convergence time "db" lists exactly 1 ready endpoint
      And within the convergence time a pod finds pod "db-0" of "db" at exactly the addresses of the ready pods of "db"

    @hl-12 @STS-3 @extended
    Scenario: a pod's own name is gone when the set is scaled below it
      Given a StatefulSet "db" with 2 ready backends
      And a pod has found pod "db-1" of "db"
      When "db" is scaled to 1 backend
      Then within the convergence time "db" lists exactly 1 ready endpoint
      And within the convergence time a pod finds nobody called pod "db-1" of "db"

    @hl-08 @REC-2 @extended
    Scenario: the SRV records of a port tell every ready pod by name
      Given a StatefulSet "db" with 2 ready backends
      When a pod looks up the SRV records of port "main" of "db"
      Then the look-up answers with exactly the port and pod names of "db"
