@extended @needs.exec
Feature: Services that are not the cluster's to proxy
  A label takes a Service away from the cluster's own service proxy; its pods stay where they are.
  Spec: https://kubernetes.io/docs/reference/labels-annotations-taints/#servicekubernetesioservice-proxy-name

  Rule: A Service with such a label MUST be left alone

    @hl-09 @PL-1
    Scenario: nobody answers at the cluster IP of another proxy's Service, though its pods answer
      Given this Service exists:
        """
        metadata: {name: echo, labels: {service.kubernetes.io/service-proxy-name: other}}
        spec: {selector: {app: echo}, ports: [{port: 80, targetPort: 8080}]}
        """
      And a Deployment "echo" with 1 ready backend
      When a pod opens 20 connections to the address of every pod of "echo"
      Then every connection is answered
      But within the convergence time a pod is not answered at the cluster IP of "echo"
